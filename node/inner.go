package node

import (
	"encoding/json"

	"konfa/community"
)

// encodeInner writes the activity of someone else that an answer embeds: only
// what identifies it.
func encodeInner(fields map[string]string) ([]byte, error) {
	doc, err := json.Marshal(fields)
	if err != nil {
		return nil, community.Errorf(community.Internal, "writing the answered activity: %w", err)
	}
	return doc, nil
}
