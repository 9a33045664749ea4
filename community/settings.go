package community

// Settings are how a city wants its home to be. They are kept as one JSON value:
// what is not set has its zero value, so a new one needs no migration.
type Settings struct {
	Accent string `json:"accent,omitempty"` // "#a4431f"; empty for the one of the sheet
	// MediaMB bounds what all uploaded pictures take, in megabytes; 0 for
	// DefaultMediaMB.
	MediaMB int   `json:"media_mb,omitempty"`
	Footer  Texts `json:"footer,omitempty"` // Markdown, below every page

	ReplyTo string `json:"reply_to,omitempty"` // e-mail address at which answers to letters are read

	Joining Joining `json:"joining,omitempty"` // empty is JoinInvited

	// Federation says with which servers the city has to do. storage reads it by
	// its very spelling: "federation":"listed".
	Federation Federation `json:"federation,omitempty"`
}

// Joins is how people get an account.
func (s Settings) Joins() Joining {
	if s.Joining == "" {
		return JoinInvited
	}
	return s.Joining
}
