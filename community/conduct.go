package community

import (
	"embed"
	"strings"
	"time"
)

// Conduct is a version of the code of conduct, what everyone here agrees to.
// Versions are never changed; a new one takes the place of the one before.
type Conduct struct {
	Version int    // 1 is the default of the program
	Text    Texts  // Markdown
	Note    string // what changed, in a line
	By      string // handle, "console", or empty for the default
	Created time.Time
}

//go:embed conduct/*.md
var conductFiles embed.FS

// DefaultConduct is the code of conduct of a city that has written none.
func DefaultConduct() Conduct {
	files, err := conductFiles.ReadDir("conduct")
	if err != nil {
		panic(err) // they are part of the program
	}
	c := Conduct{Version: 1}
	for _, f := range files { // "en" comes first by its name
		text, err := conductFiles.ReadFile("conduct/" + f.Name())
		if err != nil {
			panic(err)
		}
		c.Text = append(c.Text, Phrase{Lang: strings.TrimSuffix(f.Name(), ".md"), Text: string(text)})
	}
	return c
}

// Check reports everything that is wrong with a version to publish.
func (c *Conduct) Check() error {
	var p problems
	if strings.TrimSpace(c.Text.First()) == "" {
		p.add("text", "required", "the code of conduct needs words")
	}
	checkTexts(&p, "text", c.Text, 0, MaxText)
	c.Note = oneLine(c.Note)
	checkTexts(&p, "note", Plain("", c.Note), 0, MaxTitle)
	return p.err()
}
