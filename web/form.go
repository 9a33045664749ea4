package web

import (
	"errors"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strings"

	"konfa/community"
)

// form is what someone typed into a form, and what is wrong with it: whoever
// made a mistake gets the page back with everything as it was.
type form struct {
	values   url.Values
	Error    string // what is wrong with it as a whole
	Hint     string
	Problems []fieldProblem
}

// fieldProblem is one field that is wrong.
type fieldProblem struct{ Name, Text string }

// newForm takes what was typed; nil for an empty form.
func newForm(values url.Values) *form {
	if values == nil {
		values = url.Values{}
	}
	return &form{values: values}
}

// Value is what stands in a field.
func (f *form) Value(name string) string { return f.values.Get(name) }

// Has tells whether a value of a field is ticked or chosen.
func (f *form) Has(name, value string) bool { return slices.Contains(f.values[name], value) }

// Set fills a field.
func (f *form) Set(name string, values ...string) { f.values[name] = values }

// Wrong is what is wrong with a field, or "".
func (f *form) Wrong(name string) string {
	for _, p := range f.Problems {
		if p.Name == name {
			return p.Text
		}
	}
	return ""
}

// wrong says what is wrong with a field.
func (f *form) wrong(name, text string) {
	if f.Wrong(name) != "" {
		return // one thing at a time
	}
	f.Problems = append(f.Problems, fieldProblem{name, text})
}

// OK tells whether nothing is wrong.
func (f *form) OK() bool { return f.Error == "" && len(f.Problems) == 0 }

// refuse puts an error of a rule into the form, and returns the status of the
// page that shows it. Names says which field of the form a field of the domain
// is; what is not in it keeps its name. An error that is nobody's mistake is
// returned as it is.
func (s *Server) refuse(f *form, v *viewer, err error, names map[string]string) (int, error) {
	e, ok := errors.AsType[*community.Error](err)
	if !ok || e.Code == community.Internal {
		return 0, err
	}
	for _, field := range e.Fields {
		name := field.Field
		if to, ok := names[name]; ok {
			name = to
		}
		text := field.Msg
		if key := "field.f_" + field.Key; field.Key != "" && v.Has(key) && v.Code != "en" {
			text = v.T(key)
		}
		f.wrong(name, text)
	}
	if len(e.Fields) == 0 {
		if f.Error = e.Msg; e.Key != "" && v.Has(e.Key) {
			f.Error = v.T(e.Key)
		}
		if !strings.HasPrefix(e.Hint, "konfa ") {
			f.Hint = e.Hint
		}
	}
	return statuses[e.Code], nil
}

// fieldView is one field of a form, for the templates "input", "area", "select",
// "radios" and "ticks".
type fieldView struct {
	Form                    *form
	Name, Label, Hint, Type string
	Required                bool
	Max, Rows               int
	Complete                string // what the browser may fill in (HTML §4.10.18.7.1)
	Mode                    string // of the keyboard
	Min, Step               string
	Options                 []formOption
}

// formOption is one thing to choose. Hint says more.
type formOption struct{ Value, Text, Hint string }

// Value is what stands in the field.
func (f fieldView) Value() string { return f.Form.Value(f.Name) }

// Wrong is what is wrong with it.
func (f fieldView) Wrong() string { return f.Form.Wrong(f.Name) }

// Chosen tells whether an option is.
func (f fieldView) Chosen(value string) bool { return f.Form.Has(f.Name, value) }

// Described lists the ids of what describes the field.
func (f fieldView) Described() string {
	var ids []string
	if f.Hint != "" {
		ids = append(ids, f.Name+"-hint")
	}
	if f.Wrong() != "" {
		ids = append(ids, f.Name+"-wrong")
	}
	return strings.Join(ids, " ")
}

// Marks are the attributes that say what is wanted of the field and what is wrong
// with it.
func (f fieldView) Marks() template.HTMLAttr {
	var b strings.Builder
	if f.Required {
		b.WriteString(" required")
	}
	if f.Max > 0 {
		fmt.Fprintf(&b, ` maxlength="%d"`, f.Max)
	}
	if ids := f.Described(); ids != "" {
		fmt.Fprintf(&b, ` aria-describedby="%s"`, ids)
	}
	if f.Wrong() != "" {
		b.WriteString(` aria-invalid="true"`)
	}
	return template.HTMLAttr(b.String())
}

// newField makes a field for a template: a name, a label, and pairs of what else
// there is to say: "hint", "type", "max", "rows", "complete", "mode", "min",
// "step", "options", and "required" with true.
func newField(f *form, name, label string, pairs ...any) fieldView {
	v := fieldView{Form: f, Name: name, Label: label, Type: "text", Rows: 4}
	for i := 0; i+1 < len(pairs); i += 2 {
		switch x := pairs[i+1]; pairs[i] {
		case "hint":
			v.Hint, _ = x.(string)
		case "type":
			v.Type, _ = x.(string)
		case "max":
			v.Max, _ = x.(int)
		case "rows":
			v.Rows, _ = x.(int)
		case "complete":
			v.Complete, _ = x.(string)
		case "mode":
			v.Mode, _ = x.(string)
		case "min":
			v.Min, _ = x.(string)
		case "step":
			v.Step, _ = x.(string)
		case "options":
			v.Options, _ = x.([]formOption)
		case "required":
			v.Required, _ = x.(bool)
		}
	}
	return v
}
