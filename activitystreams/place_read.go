package activitystreams

import "konfa/community"

// ReadPlace reads where on earth an actor says to be: the coordinates of its
// location, or nil.
func ReadPlace(b []byte) *community.Point {
	v, err := parseObject(b)
	if err != nil {
		return nil
	}
	for _, l := range v.property("location").list(16) {
		if venue, _ := location(l); venue != nil && venue.Place != nil {
			return venue.Place
		}
	}
	return nil
}
