package web

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"konfa/community"

	pictures "konfa/picture"
)

// snapshot is a JPEG of its own for each number.
func snapshot(t testing.TB, number, w, h int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range w * h {
		m.Set(i%w, i/w, color.RGBA{uint8(number * 30), uint8(255 * (i % w) / w), uint8(200 * (i / w) / h), 255})
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// uploads is a form of texts and files.
func uploads(t testing.TB, values url.Values, files map[string][]byte) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for name, data := range files {
		part, err := form.CreateFormFile(name, "holiday.jpg")
		if err == nil {
			_, err = part.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, all := range values {
		for _, v := range all {
			if err := form.WriteField(name, v); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), form.FormDataContentType()
}

// take sends a form with a picture field "cover" and returns what comes of it.
func (w *town) take(now *community.Picture, values url.Values, files map[string][]byte) (*community.Picture, *form) {
	w.Helper()
	body, contentType := uploads(w.T, values, files)
	r := httptest.NewRequest(http.MethodPost, "/x", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	got, err := w.server.readForm(httptest.NewRecorder(), r)
	if err != nil {
		w.Fatal(err)
	}
	city, err := w.server.currentCity(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	ana, err := w.server.store.Member(w.Context(), "ana")
	if err != nil {
		w.Fatal(err)
	}
	t, _ := w.server.tongues.byCode("en")
	v := &viewer{tongue: t, city: city, site: w.server.site, now: w.node.Now(), me: ana}
	f := newForm(r.PostForm)
	p, err := w.server.takePicture(r, v, f, got, "cover", now)
	if err != nil {
		w.Fatal(err)
	}
	return p, f
}

func TestAPictureOfAForm(t *testing.T) {
	w := newTown(t)
	file := map[string][]byte{"cover": snapshot(t, 1, 900, 600)}
	words := url.Values{"title": {"Talks"}, "cover_alt": {" A hall "}}

	none, f := w.take(nil, url.Values{"title": {"Talks"}}, map[string][]byte{"cover": nil})
	if none != nil || !f.OK() {
		t.Errorf("without a file there is %v, %v", none, f.Problems)
	}
	p, f := w.take(nil, words, file)
	if p == nil || !f.OK() || p.Alt != "A hall" || p.Width != 900 || f.Value("title") != "Talks" {
		t.Fatalf("got %+v %v", p, f.Problems)
	}
	bare, f := w.take(nil, url.Values{"title": {""}}, file)
	if bare == nil || f.Wrong("cover_alt") == "" {
		t.Errorf("without words: %v %v", bare, f.Problems)
	}
	// The form comes back; the file is not chosen again.
	again, f := w.take(nil, url.Values{"cover_kept": {bare.URL}, "cover_alt": {"Now with words"}}, nil)
	if again == nil || again.URL != p.URL || again.Alt != "Now with words" || !f.OK() {
		t.Errorf("kept: %v %v", again, f.Problems)
	}
	if q, f := w.take(p, url.Values{"cover_kept": {p.URL}, "cover_alt": {"x"}, "cover_remove": {"1"}}, nil); q != nil || !f.OK() {
		t.Errorf("taken away: %v %v", q, f.Problems)
	}
	if q, f := w.take(p, url.Values{"cover_kept": {p.URL}, "cover_alt": {"x"}}, map[string][]byte{"cover": []byte("<svg onload=alert(1)>")}); q == nil || q.URL != p.URL || !strings.Contains(f.Wrong("cover"), "SVG") {
		t.Errorf("a bad file loses the picture that was there: %v %v", q, f.Problems)
	}
	elsewhere := &community.Picture{URL: "https://other.example/a.jpg", Alt: "Old"}
	if q, f := w.take(elsewhere, url.Values{"cover_kept": {elsewhere.URL}, "cover_alt": {"New"}}, nil); q == nil || q.URL != elsewhere.URL || q.Alt != "New" || elsewhere.Alt != "Old" || !f.OK() {
		t.Errorf("of elsewhere: %v %v", q, f.Problems)
	}
	if q, f := w.take(nil, url.Values{"cover_kept": {"https://evil.example/track.gif"}, "cover_alt": {"x"}}, nil); q != nil || f.Wrong("cover") == "" {
		t.Errorf("an address that is typed in is taken: %v", q)
	}
	large := append(file["cover"], make([]byte, pictures.MaxBytes)...)
	if q, f := w.take(nil, words, map[string][]byte{"cover": large}); q != nil || !strings.Contains(f.Wrong("cover"), "12 MB") || f.Value("title") != "Talks" {
		t.Errorf("a large file: %v %v %q", q, f.Problems, f.Value("title"))
	}
	if _, f := w.take(nil, url.Values{"cover_alt": {strings.Repeat("ж", maxAlt+1)}}, file); f.Wrong("cover_alt") == "" {
		t.Error("a description may be as long as one likes")
	}
}

func TestFormsWithFilesHaveBounds(t *testing.T) {
	w := newTown(t)
	for name, x := range map[string]struct {
		values url.Values
		files  map[string][]byte
	}{
		"much text":      {url.Values{"a": {strings.Repeat("x", maxTyped+1)}}, nil},
		"many fields":    {url.Values{"a": make([]string, maxParts+1)}, nil},
		"many files":     {nil, map[string][]byte{"a": {1}, "b": {1}, "c": {1}, "d": {1}, "e": {1}}},
		"too much of it": {nil, map[string][]byte{"a": make([]byte, maxUpload)}},
	} {
		body, contentType := uploads(t, x.values, x.files)
		r := httptest.NewRequest(http.MethodPost, "/x", strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		if _, err := w.server.readForm(httptest.NewRecorder(), r); err != errTooLarge {
			t.Errorf("%s: %v", name, err)
		}
	}
	r := httptest.NewRequest(http.MethodPost, "/x", strings.NewReader("--nonsense"))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	if _, err := w.server.readForm(httptest.NewRecorder(), r); community.CodeOf(err) != community.Invalid {
		t.Errorf("nonsense: %v", err)
	}
	r = httptest.NewRequest(http.MethodPost, "/x", strings.NewReader("title=Talks"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if _, err := w.server.readForm(httptest.NewRecorder(), r); err != nil || r.PostForm.Get("title") != "Talks" {
		t.Errorf("a plain form: %v", err)
	}
}

// TestPicturesAreServed: what was uploaded is at its address for ever, as what it
// is and nothing else.
func TestPicturesAreServed(t *testing.T) {
	w := newTown(t)
	p, err := w.node.AddPicture(t.Context(), console, snapshot(t, 1, 1200, 800), "A hall full of people")
	if err != nil {
		t.Fatal(err)
	}
	path := strings.TrimPrefix(p.URL, "https://belgrade.example")
	res := w.do(http.MethodGet, path, "", "Accept-Encoding: gzip")
	body := bodyOf(t, res)
	for name, want := range map[string]string{
		"Content-Type": "image/jpeg", "X-Content-Type-Options": "nosniff", "Cache-Control": "public, max-age=31536000, immutable",
		"Content-Security-Policy": "default-src 'none'; sandbox", "Access-Control-Allow-Origin": "*", "Content-Encoding": "",
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if c, err := jpeg.DecodeConfig(strings.NewReader(body)); err != nil || c.Width != 1200 {
		t.Error(c, err)
	}
	if res := w.do(http.MethodGet, path, "", "If-None-Match: "+res.Header.Get("ETag")); res.StatusCode != http.StatusNotModified {
		t.Errorf("unchanged: %s", res.Status)
	}
	for _, bad := range []string{"/media/", "/media/x.jpg", "/media/..%2Fkonfa.db", strings.Replace(path, "-1200", "-1201", 1)} {
		if res := w.do(http.MethodGet, bad, ""); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", bad, res.Status)
		}
	}

	c := w.add(community.Conference{Title: community.Plain("en", "Talks"), Start: fakeNow.Add(48 * 3600e9), Cover: p})
	html := w.get("/conf/" + c.Slug)
	base := strings.TrimSuffix(p.URL, "-1200.jpg")
	for _, want := range []string{
		`srcset="` + base + `-480.jpg 480w, ` + base + `-960.jpg 960w, ` + base + `-1200.jpg 1200w"`,
		`alt="A hall full of people" width="1200" height="800"`, `<svg class="veil"`,
	} {
		if !strings.Contains(html, want) {
			t.Errorf("the page of the conference lacks %s", want)
		}
	}
	for _, file := range []string{"-480.jpg", "-960.jpg", "-square.jpg"} {
		if res := w.do(http.MethodGet, strings.TrimPrefix(base, "https://belgrade.example")+file, ""); res.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", file, res.Status)
		}
	}
	if _, err := w.node.UpdateConference(t.Context(), console, c.Slug, func(c *community.Conference) error {
		c.Cover = &community.Picture{URL: "https://other.example/media/a-b.jpg", Alt: "x", Blurhash: "nonsense", Width: 3000}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	w.settle()
	if html := w.get("/conf/" + c.Slug); strings.Contains(html, "srcset=") || strings.Contains(html, "veil") {
		t.Error("a picture of elsewhere gets sizes it may not have")
	}
}
