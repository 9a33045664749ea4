package activitystreams

import (
	"bytes"
	"slices"

	"konfa/community"
)

// Retell is an activity of ours with its object as a later activity of ours
// about the same object has it. The id, the type and the time stay those of the
// first.
func Retell(activity, later []byte) ([]byte, error) {
	was, err := parseObjectTo(activity, 1)
	if err != nil {
		return nil, err
	}
	is, err := parseObjectTo(later, 1)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(is.keys, "object") {
		return nil, community.Errorf(community.Invalid, "the later activity has no object")
	}
	var w writer
	w.out.Grow(len(later))
	w.out.WriteByte('{')
	for i, key := range is.keys {
		raw := is.items[i].raw
		switch key {
		case "id", "type", "published":
			j := slices.Index(was.keys, key)
			if j < 0 {
				continue
			}
			raw = was.items[j].raw
		}
		if !bytes.HasSuffix(w.out.Bytes(), []byte("{")) {
			w.out.WriteByte(',')
		}
		w.string(key)
		w.out.WriteByte(':')
		w.out.Write(raw)
	}
	w.out.WriteByte('}')
	return w.out.Bytes(), nil
}
