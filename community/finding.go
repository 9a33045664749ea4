package community

// Health says how a part of the node is.
type Health string

// The states of a part, from good to bad.
const (
	Well   Health = "well"
	Unsure Health = "unsure" // it works, but will not for long, or could not be looked at
	Ill    Health = "ill"
)

// Finding is what looking at one part of a node found. The catalogues have its
// words as "health." and Check and "." and Key, with Args filled in; the ones of
// what to do about it end in "_do".
type Finding struct {
	Check  string            `json:"check"` // what was looked at: "dns", "tls", "webfinger" …
	Key    string            `json:"finding"`
	Health Health            `json:"health"`
	Args   map[string]string `json:"args,omitempty"`
}

// Worst is the worst of some findings; Well for none.
func Worst(fs []Finding) Health {
	worst := Well
	for _, f := range fs {
		switch {
		case f.Health == Ill:
			return Ill
		case f.Health == Unsure:
			worst = Unsure
		}
	}
	return worst
}
