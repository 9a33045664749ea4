package community

import (
	"math"
	"time"
)

// Town is a place on earth with a name, to which the world ties conferences.
type Town struct {
	ID      int64
	Country string // ISO 3166-1 alpha-2, or empty where unknown
	Folded  string // the name as it is compared
	Name    string
	Place   Point
}

// Spot is a town and how many conferences take place there.
type Spot struct {
	Town
	Conferences int
}

// CityState says how sure we are of a city that others told us of.
type CityState string

// The states: named by a city that we follow; asked and found to be one; found
// to be something else, which is remembered so that it is not asked every day.
const (
	Heard     CityState = "heard"
	Confirmed CityState = "confirmed"
	NoCity    CityState = "other"
)

// KnownCity is another city, as far as we know it.
type KnownCity struct {
	ID        int64
	Host      string
	URI       string // id of its Group
	State     CityState
	Handle    string // "" until it was asked, here and below
	Name      Texts
	Country   string
	Place     *Point
	Page      string
	Following string    // where it lists whom it follows
	ActorID   int64     // 0 until it was asked
	Created   time.Time // when we first heard of it
	Confirmed time.Time // when we made sure of it
	Seen      time.Time // when it last answered
	NextTry   time.Time // when it is to be asked again
	Failures  int       // in a row
	NextRead  time.Time // when its upcoming conferences are to be read again
	NextLook  time.Time // when its Following is to be read again, if we follow it
	Forgotten time.Time // when a steward put it away; zero unless one did

	From     []string // what those who named it are called, filled on reading
	Followed bool     // our city follows it, filled on reading
	Coming   int      // conferences that are listed and not over, filled on reading
}

// Address is the handle as people write it, or the host while it is not known.
func (c *KnownCity) Address() string {
	if c.Handle == "" {
		return c.Host
	}
	return "@" + c.Handle + "@" + c.Host
}

// earth is its mean radius in kilometres.
const earth = 6371.0

// Distance is how far two places are from one another on the ground, in
// kilometres.
func (p Point) Distance(q Point) float64 {
	const rad = math.Pi / 180
	lat, lon := (q.Lat-p.Lat)*rad/2, (q.Lon-p.Lon)*rad/2
	h := math.Sin(lat)*math.Sin(lat) + math.Cos(p.Lat*rad)*math.Cos(q.Lat*rad)*math.Sin(lon)*math.Sin(lon)
	return 2 * earth * math.Asin(math.Sqrt(min(1, h)))
}
