package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"konfa/community"
	"konfa/gazetteer"
	"konfa/node"
)

type initCmd struct {
	City         string   `help:"The name of the city. A known one gives its country, zone and place on earth." placeholder:"NAME"`
	CityIn       []string `name:"city-in" sep:"none" help:"Its name in one more language: ru=Белград." placeholder:"LANG=NAME"`
	Handle       string   `help:"What people follow: @HANDLE@host (default: made of the name)." placeholder:"HANDLE"`
	Zone         string   `help:"Its clock, such as Europe/Belgrade." placeholder:"ZONE"`
	Country      string   `help:"Two capital letters, such as RS." placeholder:"CC"`
	Language     []string `help:"The languages of its pages, the main one first." placeholder:"LANG"`
	Steward      string   `help:"The handle of the first member, who may publish for the city." placeholder:"HANDLE"`
	StewardName  string   `help:"The name of the first steward." placeholder:"NAME"`
	StewardEmail string   `help:"Where to write to them; it never leaves the node." placeholder:"ADDRESS"`
	About        string   `help:"What the city says about itself, in Markdown." placeholder:"TEXT"`
	AboutIn      []string `name:"about-in" sep:"none" help:"The same in one more language." placeholder:"LANG=TEXT"`
	Lat          *float64 `help:"Where it is on earth, in degrees." placeholder:"DEG"`
	Lon          *float64 `placeholder:"DEG" help:"Where it is on earth, in degrees."`
	Link         []string `sep:"none" help:"A link to show, such as the city's chat." placeholder:"NAME=URL"`
}

// foundView is what init prints with --json.
type foundView struct {
	URL       string   `json:"url"`
	Address   string   `json:"address"`
	Handle    string   `json:"handle"`
	Name      string   `json:"name"`
	Zone      string   `json:"zone"`
	Country   string   `json:"country"`
	Languages []string `json:"languages"`
	Steward   string   `json:"steward"`
	Lat       *float64 `json:"lat,omitempty"`
	Lon       *float64 `json:"lon,omitempty"`
	Config    string   `json:"config"`
	Data      string   `json:"data"`
}

func (i *initCmd) Run(a *app) error {
	c, err := LoadConfig(a.cli.Config, true, a.environ, a.cli.flags())
	if err != nil {
		return err
	}
	if err := i.ask(a); err != nil {
		return err
	}
	city, steward, err := i.city()
	if err != nil {
		return err
	}
	if err := checkBuild(a.ctx); err != nil {
		return err
	}
	store, err := openStore(a.ctx, c)
	if err != nil {
		return err
	}
	defer store.Close()
	n := node.New(store, community.NewSite(c.URL), node.Options{Log: slog.New(slog.DiscardHandler)})
	if founded, err := n.Founded(a.ctx); err != nil {
		return err
	} else if founded {
		there, err := n.City(a.ctx)
		if err != nil {
			return err
		}
		return withHint(fmt.Errorf("%s already lives in %s", there.Name.First(), c.Data), "one node is the home of one city: start konfa serve, or name another directory with --data")
	}
	if err := n.Found(a.ctx, city, steward); err != nil {
		return err
	}
	if wrote, err := WriteConfigFile(c.File, a.cli.flags()); err != nil {
		a.note("konfa: %s could not be written: %v", c.File, err)
	} else if wrote {
		a.note("wrote %s, where every setting is explained", c.File)
	}
	out := foundView{
		URL: c.URL, Address: "@" + city.Handle + "@" + community.NewSite(c.URL).Host(), Handle: city.Handle, Name: city.Name.First(),
		Zone: city.Zone, Country: city.Country, Languages: city.Languages, Steward: steward.Handle, Config: c.File, Data: c.Data,
	}
	if city.Place != nil {
		out.Lat, out.Lon = &city.Place.Lat, &city.Place.Lon
	}
	return a.print(out, func() {
		a.say("%s is founded: %s at %s", out.Name, out.Address, out.URL)
		a.say("Its first steward is %s. Start it with: konfa serve", steward.Handle)
	})
}

// city makes the city and its first steward of the flags, and fills in from the
// gazetteer what they do not say.
func (i *initCmd) city() (*community.City, *community.Member, error) {
	var p problems
	if strings.TrimSpace(i.City) == "" {
		p.add("the city has no name", "say --city Belgrade")
	}
	if i.Steward == "" {
		p.add("the city has no steward", "say --steward anna: the handle of the first member, who may publish for the city")
	}
	if (i.Lat == nil) != (i.Lon == nil) {
		p.add("--lat and --lon belong together", "give both, or none")
	}
	city := &community.City{Handle: i.Handle, Zone: i.Zone, Country: strings.ToUpper(i.Country), Languages: i.Language}
	if city.Handle == "" {
		city.Handle = strings.ReplaceAll(community.Slug(i.City, ""), "-", "_")
	}
	if len(city.Languages) == 0 {
		city.Languages = []string{"en"}
	}
	main := city.Languages[0]
	place, known := gazetteer.Find(i.City, city.Country)
	if known {
		if city.Zone == "" {
			city.Zone = place.Zone
		}
		if city.Country == "" {
			city.Country = place.Country
		}
		city.Place = &community.Point{Lat: place.Lat, Lon: place.Lon}
	} else if i.City != "" && city.Zone == "" {
		p.addf("say --zone Europe/Belgrade, its IANA time zone", "nobody here knows where %s is", i.City)
	}
	if i.Lat != nil && i.Lon != nil {
		city.Place = &community.Point{Lat: *i.Lat, Lon: *i.Lon}
	}
	city.Name = inLanguages(&p, "--city-in", main, i.City, i.CityIn)
	city.About = inLanguages(&p, "--about-in", main, i.About, i.AboutIn)
	city.Links = linksOf(&p, i.Link)
	steward := &community.Member{Handle: i.Steward, Name: i.StewardName, Email: i.StewardEmail, Role: community.Steward, Languages: city.Languages}
	if len(p) == 0 {
		for what, err := range map[string]error{"city": city.Check(), "steward": steward.Check()} {
			if e, ok := errors.AsType[*community.Error](err); ok {
				for _, f := range e.Fields {
					p.add(what+", "+f.Field+": "+f.Msg, "")
				}
			}
		}
	}
	return city, steward, p.err()
}

// ask asks for what the flags left open, where there is someone to ask.
func (i *initCmd) ask(a *app) error {
	if a.cli.JSON || !terminal(a.in) || (i.City != "" && i.Steward != "") {
		return nil
	}
	lines := bufio.NewScanner(a.in)
	ask := func(into *string, question, def string) {
		if *into != "" {
			return
		}
		if def != "" {
			question += " [" + def + "]"
		}
		fmt.Fprint(a.err, question+": ")
		if lines.Scan() {
			*into = strings.TrimSpace(lines.Text())
		}
		if *into == "" {
			*into = def
		}
	}
	ask(&i.City, "Name of the city", "")
	place, known := gazetteer.Find(i.City, i.Country)
	zone, country := "", ""
	if known {
		zone, country = place.Zone, place.Country
	}
	ask(&i.Handle, "Its handle, @handle@host", strings.ReplaceAll(community.Slug(i.City, ""), "-", "_"))
	ask(&i.Country, "Country, two letters", country)
	ask(&i.Zone, "Time zone", zone)
	if len(i.Language) == 0 {
		langs := ""
		ask(&langs, "Languages, the main one first", "en")
		i.Language = strings.FieldsFunc(langs, func(r rune) bool { return r == ',' || r == ' ' })
	}
	ask(&i.Steward, "Your handle, as its first steward", "")
	if err := lines.Err(); err != nil {
		return err
	}
	if i.City == "" || i.Steward == "" {
		return errors.New("nothing was founded: a city needs a name and a steward")
	}
	return nil
}

// terminal tells whether someone types there.
func terminal(r io.Reader) bool {
	f, ok := r.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	// /dev/null is a character device too.
	return err == nil && info.Mode()&os.ModeCharDevice != 0 && f.Name() != os.DevNull && !sameFile(info, os.DevNull)
}

func sameFile(info os.FileInfo, path string) bool {
	other, err := os.Stat(path)
	return err == nil && os.SameFile(info, other)
}

// inLanguages puts a text and its "lang=text" versions together, the main
// language first.
func inLanguages(p *problems, flag, lang, text string, more []string) community.Texts {
	texts := community.Plain(lang, text)
	for _, m := range more {
		l, t, ok := strings.Cut(m, "=")
		if !ok || !community.ValidLang(l) {
			p.addf("write it like "+flag+" ru=…", "%s %q does not start with a language", flag, m)
			continue
		}
		texts = append(texts, community.Phrase{Lang: strings.ToLower(l), Text: t})
	}
	return texts
}
