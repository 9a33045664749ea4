package web

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"konfa/community"
	pictures "konfa/picture"
)

// Bounds of forms with files.
const (
	maxUpload = 40 << 20 // bytes of all parts: who sends more is told so without being read to the end
	maxTyped  = 1 << 20  // bytes of what is typed beside the files: long texts in several languages
	maxParts  = 300
	maxFiles  = 4
	maxAlt    = 1500 // characters of a description, as many as Mastodon takes
)

// uploading bounds how many forms with files are in memory at a time.
var uploading = make(chan struct{}, 4)

// upload is a file of a form. One that is too large has no data.
type upload struct {
	data    []byte
	tooBig  bool
	present bool
}

// readForm reads a form whether it has files or not, and fills r.PostForm and
// r.Form. A file that is too large does not lose what was typed beside it.
func (s *Server) readForm(w http.ResponseWriter, r *http.Request) (map[string]upload, error) {
	if !hasFiles(r) {
		if r.PostForm == nil {
			r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		}
		return nil, formTrouble(r.ParseForm())
	}
	select {
	case uploading <- struct{}{}:
		defer func() { <-uploading }()
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxUpload)
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, formTrouble(err)
	}
	values, files, typed := url.Values{}, map[string]upload{}, 0
	for n := 0; ; n++ {
		part, err := parts.NextPart()
		if err == io.EOF { // itself: a form that was cut off has it wrapped
			break
		}
		if err != nil {
			return nil, formTrouble(err)
		}
		if n == maxParts {
			return nil, errTooLarge
		}
		name := part.FormName()
		if part.FileName() == "" && part.Header.Get("Content-Type") == "" {
			text, err := io.ReadAll(io.LimitReader(part, maxTyped+1))
			if err != nil {
				return nil, formTrouble(err)
			}
			if typed += len(name) + len(text); typed > maxTyped {
				return nil, errTooLarge
			}
			values.Add(name, string(text))
			continue
		}
		u, err := readFile(part)
		if err != nil {
			return nil, formTrouble(err)
		}
		if u.present { // an empty field for a file is sent as an empty file
			if len(files) == maxFiles {
				return nil, errTooLarge
			}
			files[name] = u
		}
	}
	r.PostForm, r.Form = values, values
	return files, nil
}

func formTrouble(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return errTooLarge
	}
	return community.Errorf(community.Invalid, "the form cannot be read: %w", err)
}

func readFile(part *multipart.Part) (upload, error) {
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(part, pictures.MaxBytes+1))
	if err != nil {
		return upload{}, err
	}
	if n > pictures.MaxBytes {
		_, err := io.Copy(io.Discard, part)
		return upload{tooBig: true, present: true}, err
	}
	return upload{data: b.Bytes(), present: n > 0}, nil
}

// takePicture is the picture of a form with the template "picture-field": a new
// one, the one that was there before (now), one that was uploaded with the same
// form before it had another mistake, or nil. What is wrong is written into the
// form; an error is nobody's mistake there.
func (s *Server) takePicture(r *http.Request, v *viewer, f *form, files map[string]upload, field string, now *community.Picture) (*community.Picture, error) {
	p, err := s.pictureOf(r, v, f, files, field, now)
	if p == nil || err != nil {
		return nil, err
	}
	switch p.Alt = strings.TrimSpace(f.Value(field + "_alt")); {
	case p.Alt == "":
		f.wrong(field+"_alt", v.T("picture.alt_missing"))
	case utf8.RuneCountInString(p.Alt) > maxAlt:
		f.wrong(field+"_alt", v.T("picture.alt_long"))
	}
	return p, nil
}

// takeFace is the same for a square: the picture of a person or a city, which
// their name describes.
func (s *Server) takeFace(r *http.Request, v *viewer, f *form, files map[string]upload, field string, now *community.Picture, name string) (*community.Picture, error) {
	p, err := s.pictureOf(r, v, f, files, field, now)
	if p == nil || err != nil {
		return nil, err
	}
	p.Alt = name
	return s.site.Square(p), nil
}

func (s *Server) pictureOf(r *http.Request, v *viewer, f *form, files map[string]upload, field string, now *community.Picture) (*community.Picture, error) {
	u := files[field]
	if u.tooBig {
		f.wrong(field, v.T("picture.big"))
	} else if u.present {
		p, err := s.node.AddPicture(r.Context(), v.by(), u.data, "")
		if err == nil {
			return p, nil
		}
		e, ok := errors.AsType[*community.Error](err)
		if !ok || e.Code != community.Invalid && e.Code != community.Refused {
			return nil, err
		}
		text := e.Msg
		if v.Has(e.Key) {
			text = v.T(e.Key)
		}
		f.wrong(field, text)
	}
	kept, sent := f.values[field+"_kept"]
	switch {
	case f.Value(field+"_remove") != "":
		return nil, nil
	case !sent:
		return copyOf(now), nil // the form had no such field, or one without a picture
	case now != nil && kept[0] == now.URL:
		return copyOf(now), nil
	}
	p, err := s.node.Uploaded(r.Context(), kept[0], "")
	if community.CodeOf(err) == community.NotFound {
		f.wrong(field, v.T("picture.gone"))
		return nil, nil
	}
	return p, err
}

func copyOf(p *community.Picture) *community.Picture {
	if p == nil {
		return nil
	}
	q := *p
	return &q
}

// pictureView is a field for a picture, for the template "picture-field".
type pictureView struct {
	fieldView
	Picture *picView
	Alt     fieldView
	Face    bool // a square that needs no description
}

// newPictureField makes it of a form, a name, a label and the picture that is
// there, and pairs: "hint", and "face" with true.
func (t *tongue) newPictureField(f *form, name, label string, now *community.Picture, pairs ...any) pictureView {
	v := pictureView{fieldView: newField(f, name, label, pairs...)}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i] == "face" {
			v.Face, _ = pairs[i+1].(bool)
		}
	}
	if v.Hint == "" {
		v.Hint = t.T("picture.hint")
	}
	if now != nil {
		if p, err := newPic(now, "preview", "20rem"); err == nil {
			v.Picture = &p
		}
		if _, typed := f.values[name+"_alt"]; !typed {
			f.Set(name+"_alt", now.Alt)
		}
	}
	v.Alt = newField(f, name+"_alt", t.T("picture.alt"), "hint", t.T("picture.alt_hint"), "max", maxAlt, "rows", 2)
	return v
}
