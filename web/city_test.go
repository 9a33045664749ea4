package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"konfa/community"
)

func TestCityForm(t *testing.T) {
	w := newTown(t)
	ana := w.session("ana")
	body := w.get("/desk/city?lang=en", ana)
	now, err := w.node.City(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	good := func() url.Values {
		return url.Values{"version": {versionOf(now)}, "languages": {"en", "ru"}, "name_en": {"Belgrade"}, "name_ru": {"Белград"}, "about_en": {"We *meet*."}, "footer_en": {"Thanks, **all**."},
			"zone": {"Europe/Belgrade"}, "country": {"rs"}, "lat": {"44,8"}, "lon": {"20.46"}, "links": {"Our chat https://chat.example\n\n Site https://site.example \n"}, "mentions": {"ask"}}
	}
	if !strings.Contains(body, versionOf(now)) || !strings.Contains(body, `name="name_en"`) {
		t.Error("the form is not that of the city")
	}
	for name, c := range map[string]struct {
		change func(url.Values)
		field  string
	}{
		"nothing":    {func(v url.Values) { clear(v) }, "languages"},
		"no name":    {func(v url.Values) { v.Del("name_en"); v.Del("name_ru") }, "name_en"},
		"long about": {func(v url.Values) { v.Set("about_en", strings.Repeat("я", 4001)) }, "about_en"},
		"zone":       {func(v url.Values) { v.Set("zone", "Mars") }, "zone"},
		"country":    {func(v url.Values) { v.Set("country", "Serbia") }, "country"},
		"place":      {func(v url.Values) { v.Set("lat", "north") }, "lat"},
		"off earth":  {func(v url.Values) { v.Set("lat", "144") }, "lat"},
		"link":       {func(v url.Values) { v.Set("links", "https://chat.example") }, "links"},
		"scheme":     {func(v url.Values) { v.Set("links", "Chat javascript:alert(1)") }, "links"},
		"links":      {func(v url.Values) { v.Set("links", strings.Repeat("Chat https://chat.example\n", maxLinks+1)) }, "links"},
		"mentions":   {func(v url.Values) { v.Set("mentions", "shout") }, "mentions"},
	} {
		form := good()
		c.change(form)
		res := w.send("/desk/city", form, ana)
		body := bodyOf(t, res)
		if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, `href="#`+c.field+`"`) {
			t.Errorf("%s: %s, no word about %s", name, res.Status, c.field)
		}
		if form.Get("footer_en") != "" && !strings.Contains(body, "Thanks, **all**.") {
			t.Errorf("%s: what was typed is lost", name)
		}
	}
	w.pass(time.Minute)
	if res := w.send("/desk/city", good(), ana); res.Header.Get("Location") != "/desk/city?saved=1" {
		t.Fatalf("saving: %s %s", res.Status, bodyOf(t, res))
	}
	saved, err := w.node.City(t.Context())
	if err != nil || saved.Country != "RS" || saved.Place.Lat != 44.8 || len(saved.Links) != 2 || saved.Links[0] != (community.Link{Name: "Our chat", URL: "https://chat.example"}) || saved.Name.In("ru") != "Белград" {
		t.Fatalf("%+v, %v", saved, err)
	}
	if body := w.get("/?lang=en"); !strings.Contains(body, "Thanks, <strong>all</strong>.") {
		t.Error("the footer is not there")
	}
	// Someone who opened the form before that is told.
	late := good()
	late.Set("about_en", "Something else")
	res := w.send("/desk/city", late, ana)
	if body := bodyOf(t, res); res.StatusCode != http.StatusConflict || !strings.Contains(body, "Something else") || !strings.Contains(body, versionOf(saved)) {
		t.Errorf("an old form: %s", res.Status)
	}
	if err := w.node.AddMember(t.Context(), console, &community.Member{Handle: "bo", Name: "Bo"}); err != nil {
		t.Fatal(err)
	}
	if res := w.send("/desk/city", good(), w.session("bo")); res.StatusCode != http.StatusForbidden {
		t.Errorf("a member changes the city: %s", res.Status)
	}
}
