// Package gazetteer knows where cities are and what time they keep: the places
// of GeoNames with 3,000 people or more, and all capitals, with their
// coordinates and IANA zones, and the names of countries in many languages.
//
// The data (1.3 MB packed) is in the program and is unpacked on first use, into
// about 4 MiB.
package gazetteer

// Attribution is to be shown where places of this package are shown.
const Attribution = "Places: GeoNames (geonames.org), CC BY 4.0"

//go:generate go run ./generate -cities /tmp/cities/package -zones /tmp/zones/package
