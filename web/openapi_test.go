package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"konfa/community"
	"konfa/node"

	"github.com/go-chi/chi/v5"
	"gopkg.in/yaml.v3"
)

// newFuzzHandler answers GETs and returns their status.
func newFuzzHandler(tb testing.TB, n *node.Node) func(path, query string) int {
	s, err := New(n, Options{})
	if err != nil {
		tb.Fatal(err)
	}
	r := chi.NewRouter()
	s.Routes(r)
	return func(path, query string) int {
		if !strings.HasPrefix(path, "/") {
			path = "/" + path
		}
		req := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: path, RawQuery: query}, Header: http.Header{}, RemoteAddr: "192.0.2.1:1", Host: "belgrade.example", Body: http.NoBody}
		rec := httptest.NewRecorder()
		r.ServeHTTP(rec, req)
		return rec.Code
	}
}

type description struct {
	OpenAPI string                          `yaml:"openapi"`
	Paths   map[string]map[string]yaml.Node `yaml:"paths"`
	Parts   struct {
		Schemas    map[string]schema    `yaml:"schemas"`
		Parameters map[string]parameter `yaml:"parameters"`
	} `yaml:"components"`
}

type schema struct {
	Ref        string            `yaml:"$ref"`
	Type       any               `yaml:"type"`
	Enum       []string          `yaml:"enum"`
	Properties map[string]schema `yaml:"properties"`
	Items      *schema           `yaml:"items"`
	OneOf      []schema          `yaml:"oneOf"`
}

type parameter struct {
	Ref     string `yaml:"$ref"`
	Name    string `yaml:"name"`
	In      string `yaml:"in"`
	Example string `yaml:"example"`
	Schema  schema `yaml:"schema"`
}

type operation struct {
	ID         string           `yaml:"operationId"`
	Parameters []parameter      `yaml:"parameters"`
	Security   []map[string]any `yaml:"security"`
	Responses  map[string]any   `yaml:"responses"`
}

func readDescription(t *testing.T) *description {
	t.Helper()
	var d description
	if err := yaml.Unmarshal(openapiYAML, &d); err != nil {
		t.Fatal(err)
	}
	if d.OpenAPI != "3.1.0" {
		t.Errorf("version %q", d.OpenAPI)
	}
	return &d
}

var methods = []string{"get", "post", "patch", "delete", "put"}

// Every route of the API is described, and everything described is there.
func TestDescriptionHasEveryRoute(t *testing.T) {
	d := readDescription(t)
	described := map[string]bool{}
	for path, item := range d.Paths {
		for method := range item {
			if slices.Contains(methods, method) {
				described[strings.ToUpper(method)+" "+path] = true
			}
		}
	}
	w := newTown(t)
	err := chi.Walk(w.router, func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		path, ok := strings.CutPrefix(route, "/api/v1")
		if !ok || method == http.MethodHead || method == http.MethodOptions {
			return nil
		}
		key := method + " " + path
		if !described[key] {
			t.Errorf("%s is not described", key)
		}
		delete(described, key)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for key := range described {
		t.Errorf("%s is described but not there", key)
	}
}

// Every field of what goes in and out is described, and no other.
func TestDescriptionHasEveryField(t *testing.T) {
	d := readDescription(t)
	seen := map[string]bool{}
	var check func(name string, typ reflect.Type)
	check = func(name string, typ reflect.Type) {
		if seen[name] {
			return
		}
		seen[name] = true
		s, ok := d.Parts.Schemas[name]
		if !ok {
			t.Errorf("%s is not described", name)
			return
		}
		fields := map[string]reflect.Type{}
		for i := range typ.NumField() {
			f := typ.Field(i)
			tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if tag == "" || tag == "-" {
				t.Errorf("%s.%s has no name in JSON", name, f.Name)
				continue
			}
			fields[tag] = f.Type
			if _, ok := s.Properties[tag]; !ok {
				t.Errorf("%s.%s is not described", name, tag)
			}
		}
		for prop, sub := range s.Properties {
			ft, ok := fields[prop]
			if !ok {
				t.Errorf("%s.%s is described but not there", name, prop)
				continue
			}
			inner := ft
			if inner.Kind() == reflect.Struct && strings.HasPrefix(inner.Name(), "opt[") {
				value, _ := inner.FieldByName("Value")
				inner = value.Type
			}
			for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
				inner = inner.Elem()
			}
			refs := []schema{sub}
			if sub.Items != nil {
				refs = append(refs, *sub.Items)
			}
			refs = append(refs, sub.OneOf...)
			for _, r := range refs {
				target, ok := strings.CutPrefix(r.Ref, "#/components/schemas/")
				if !ok {
					continue
				}
				if _, ok := d.Parts.Schemas[target]; !ok {
					t.Errorf("%s.%s refers to %s, which is not there", name, prop, target)
				}
				if inner.Kind() == reflect.Struct && target != "Texts" && target != "TextsInput" {
					check(target, inner)
				}
			}
		}
	}
	for name, v := range map[string]any{
		"Conference": conferenceOutput{}, "ConferenceInput": conferenceInput{}, "ConferenceList": listOutput[conferenceOutput]{}, "Post": postOutput{}, "PostInput": postInput{},
		"PostList": listOutput[postOutput]{}, "City": cityOutput{}, "Guest": guestOutput{}, "GuestList": listOutput[guestOutput]{}, "Reply": replyOutput{}, "ReplyList": listOutput[replyOutput]{}, "Problem": problem{}, "ImportResult": importOutput{},
		"PublishInput": publishInput{}, "CancelInput": cancelInput{},
		"Sister": sisterOutput{}, "SisterInput": sisterInput{}, "SisterList": listOutput[sisterOutput]{}, "Offer": offerOutput{}, "OfferInput": offerInput{},
		"OfferList": listOutput[offerOutput]{}, "DeclineInput": declineInput{}, "Phrase": community.Phrase{},
		"Notice": noticeOutput{}, "NoticeList": noticeListOutput{}, "ReadInput": readInput{}, "ReadResult": readOutput{}, "Mine": mineOutput{}, "MineList": listOutput[mineOutput]{},
		"AnswerInput": answerInput{}, "Stay": stayOutput{}, "StayList": listOutput[stayOutput]{}, "StayInput": stayInput{}, "StayChange": stayChange{}, "PrivateLink": linkOutput{},
		"PrivateLinkList": listOutput[linkOutput]{}, "PrivateLinkInput": linkInput{}, "Arrival": arrivalOutput{}, "ArrivalList": listOutput[arrivalOutput]{},
		"Town": townOutput{}, "TownList": listOutput[townOutput]{}, "KnownCity": knownCityOutput{}, "CityList": listOutput[knownCityOutput]{},
	} {
		check(name, reflect.TypeOf(v))
	}
	for name, s := range d.Parts.Schemas {
		if len(s.Properties) > 0 && !seen[name] {
			t.Errorf("nothing is a %s", name)
		}
	}
	for name, want := range map[string][]string{"Status": words(community.Statuses), "JoinMode": words(community.JoinModes), "ReplyMode": words(community.ReplyModes), "Announcing": words(community.Announcings), "OfferState": words(community.OfferStates)} {
		if !slices.Equal(d.Parts.Schemas[name].Enum, want) {
			t.Errorf("%s is one of %v, described as %v", name, want, d.Parts.Schemas[name].Enum)
		}
	}
	// The names that a mistyped field is compared with.
	for name, known := range map[string][]string{"ConferenceInput": conferenceFields, "PostInput": postFields, "SisterInput": sisterFields, "OfferInput": offerFields} {
		for prop := range d.Parts.Schemas[name].Properties {
			if !slices.Contains(known, prop) {
				t.Errorf("%s.%s is not among the known names", name, prop)
			}
		}
	}
}

func words[T ~string](list []T) []string {
	var out []string
	for _, w := range list {
		out = append(out, string(w))
	}
	return out
}

// Every described parameter is taken, and what needs a token says so.
func TestDescriptionHasEveryParameter(t *testing.T) {
	d := readDescription(t)
	w := newTown(t)
	c := w.add(community.Conference{Title: community.Plain("en", "Maps"), Start: fakeNow.AddDate(0, 0, 3), Zone: "Europe/Belgrade"})
	p := w.say(community.Post{Text: community.Plain("en", "Hello")})
	ids := map[string]bool{}
	for path, item := range d.Paths {
		for method, raw := range item {
			if !slices.Contains(methods, method) {
				continue
			}
			var op operation
			if err := raw.Decode(&op); err != nil {
				t.Fatal(err)
			}
			at := strings.ToUpper(method) + " " + path
			if op.ID == "" || ids[op.ID] {
				t.Errorf("%s has the operationId %q", at, op.ID)
			}
			ids[op.ID] = true
			if len(op.Responses) < 2 {
				t.Errorf("%s describes no error", at)
			}
			needsToken := len(op.Security) == 1 && op.Security[0]["token"] != nil
			slug := c.Slug
			if strings.HasPrefix(path, "/posts") {
				slug = p.Slug
			}
			target := "/api/v1" + strings.NewReplacer("{slug}", slug, "{id}", "1").Replace(path)
			res := w.do(strings.ToUpper(method), target, "")
			if needsToken != (res.StatusCode == http.StatusUnauthorized) {
				t.Errorf("%s without a token: %s; described as needing one: %v", at, res.Status, needsToken)
			}
			if method != "get" {
				continue
			}
			for _, prm := range op.Parameters {
				if name, ok := strings.CutPrefix(prm.Ref, "#/components/parameters/"); ok {
					prm = d.Parts.Parameters[name]
				}
				value := prm.Example
				if value == "" && len(prm.Schema.Enum) > 0 {
					value = prm.Schema.Enum[0]
				}
				if value == "" {
					value = map[string]string{"conference": c.Slug}[prm.Name]
				}
				if value == "" {
					value = "1"
				}
				res := w.do("GET", target+"?"+url.Values{prm.Name: {value}}.Encode(), "", "Authorization: Bearer "+w.token)
				if res.StatusCode != 200 {
					t.Errorf("%s with %s=%s: %s %s", at, prm.Name, value, res.Status, bodyOf(t, res))
				}
			}
			if path == "/city" || op.ID == "listGuests" {
				continue
			}
			if res := w.do("GET", target+"?not_described=1", "", "Authorization: Bearer "+w.token); res.StatusCode != 422 {
				t.Errorf("%s takes a parameter that is not described: %s", at, res.Status)
			}
		}
	}
	if len(ids) < 15 {
		t.Error(fmt.Sprint("only ", len(ids), " operations"))
	}
}
