package activitystreams

import (
	"konfa/community"
)

// Encoder writes the documents of one node. It has no state and is safe for
// concurrent use.
type Encoder struct {
	site community.Site
}

// NewEncoder makes an Encoder for the node at site.
func NewEncoder(site community.Site) *Encoder { return &Encoder{site: site} }

// maxWire bounds an object of ours in bytes. Misskey reads no activity of
// 65,536 bytes or more; the activity around the object takes the rest.
const maxWire = 60 << 10
