package federation

import "encoding/json"

// inner is an activity inside of another one. It identifies something that is
// known here, so it may lack what an activity of its own must have: Gancio
// undoes a Follow without saying whose it was.
type inner struct {
	ID, Type, Actor string
	Object          string // id
	Emoji           bool
}

func readInner(raw []byte) inner {
	var doc struct {
		ID      json.RawMessage `json:"id"`
		Type    json.RawMessage `json:"type"`
		Actor   json.RawMessage `json:"actor"`
		Object  json.RawMessage `json:"object"`
		Content json.RawMessage `json:"content"`
		Misskey json.RawMessage `json:"_misskey_reaction"`
	}
	// What cannot be read counts as not said; the envelope was read before.
	_ = json.Unmarshal(raw, &doc)
	return inner{
		ID: idIn(doc.ID), Type: idIn(doc.Type), Actor: idIn(doc.Actor), Object: idIn(doc.Object),
		Emoji: idIn(doc.Content) != "" || idIn(doc.Misskey) != "",
	}
}

// idIn reads a string, the id of an object, or that of the first in a list.
func idIn(raw json.RawMessage) string {
	if len(raw) == 0 {
		return ""
	}
	switch raw[0] {
	case '"':
		var s string
		_ = json.Unmarshal(raw, &s)
		return s
	case '{':
		var o struct {
			ID string `json:"id"`
		}
		_ = json.Unmarshal(raw, &o)
		return o.ID
	case '[':
		var l []json.RawMessage
		if json.Unmarshal(raw, &l) == nil && len(l) > 0 && len(l[0]) > 0 && l[0][0] != '[' {
			return idIn(l[0])
		}
	}
	return ""
}
