package community

// Settings are how a city wants its home to be. They are kept as one JSON value:
// what is not set has its zero value, so a new one needs no migration.
type Settings struct {
	Accent string `json:"accent,omitempty"` // "#a4431f"; empty for the one of the sheet
	Footer Texts  `json:"footer,omitempty"` // Markdown, below every page
}
