package gazetteer

// regions maps what people write after a town to the code that GeoNames has
// for the first-level region, for the countries where people do so.
var regions = map[string]map[string]string{
	"US": {
		"alabama": "AL", "alaska": "AK", "arizona": "AZ", "arkansas": "AR", "california": "CA", "colorado": "CO", "connecticut": "CT", "delaware": "DE",
		"district of columbia": "DC", "florida": "FL", "georgia": "GA", "hawaii": "HI", "idaho": "ID", "illinois": "IL", "indiana": "IN", "iowa": "IA", "kansas": "KS",
		"kentucky": "KY", "louisiana": "LA", "maine": "ME", "maryland": "MD", "massachusetts": "MA", "michigan": "MI", "minnesota": "MN", "mississippi": "MS",
		"missouri": "MO", "montana": "MT", "nebraska": "NE", "nevada": "NV", "new hampshire": "NH", "new jersey": "NJ", "new mexico": "NM", "new york": "NY",
		"north carolina": "NC", "north dakota": "ND", "ohio": "OH", "oklahoma": "OK", "oregon": "OR", "pennsylvania": "PA", "rhode island": "RI",
		"south carolina": "SC", "south dakota": "SD", "tennessee": "TN", "texas": "TX", "utah": "UT", "vermont": "VT", "virginia": "VA", "washington": "WA",
		"west virginia": "WV", "wisconsin": "WI", "wyoming": "WY",
	},
	"CA": {
		"ab": "01", "alberta": "01", "bc": "02", "british columbia": "02", "mb": "03", "manitoba": "03", "nb": "04", "new brunswick": "04", "nl": "05", "newfoundland": "05",
		"ns": "07", "nova scotia": "07", "on": "08", "ontario": "08", "pe": "09", "prince edward island": "09", "qc": "10", "quebec": "10", "sk": "11", "saskatchewan": "11",
		"yt": "12", "yukon": "12", "nt": "13", "nu": "14",
	},
	"AU": {
		"act": "01", "nsw": "02", "new south wales": "02", "nt": "03", "qld": "04", "queensland": "04", "sa": "05", "south australia": "05", "tas": "06", "tasmania": "06",
		"vic": "07", "victoria": "07", "wa": "08", "western australia": "08",
	},
}

// HasRegions tells whether the data keeps the regions of a country.
func HasRegions(iso2 string) bool { return regions[iso2] != nil }

// region returns the code of a folded region name.
func region(country, name string) (string, bool) {
	if code, ok := regions[country][name]; ok {
		return code, true
	}
	if country == "US" && len(name) == 2 {
		for _, code := range regions["US"] {
			if code[0]|0x20 == name[0] && code[1]|0x20 == name[1] {
				return code, true
			}
		}
	}
	return "", false
}
