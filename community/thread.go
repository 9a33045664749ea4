package community

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"
)

// A talk is sorted by path: each answer has that of what it answers, and a step
// of its own behind it, which is its time and a hash of its id. Sorted as text
// the whole is in the order it is read in.
const (
	stepTime = 16 // microseconds since 1970, decimal
	stepHash = 8  // hexadecimal
	pathStep = stepTime + stepHash
	// MaxDepth is how deep answers to answers are kept apart; what is below
	// stands beside what it answers.
	MaxDepth = 12
)

// ThreadPath is the path of an answer that was given at an instant, below the
// one with the path of parent, or at the top for "". Nothing is older than what
// it answers, and nothing is from the future, whatever it says.
func ThreadPath(parent, id string, at, now time.Time) string {
	if len(parent)%pathStep != 0 {
		parent = ""
	}
	if len(parent) >= MaxDepth*pathStep {
		parent = parent[:(MaxDepth-1)*pathStep]
	}
	if at.After(now) {
		at = now
	}
	micros := fmt.Sprintf("%0*d", stepTime, max(0, at.UnixMicro()))
	if n := len(parent); n > 0 {
		micros = max(micros, parent[n-pathStep:n-stepHash])
	}
	sum := sha256.Sum256([]byte(id))
	return parent + micros + hex.EncodeToString(sum[:stepHash/2])
}

// Depth is how many answers a post stands below what is talked about: 1 for an
// answer to that itself, 0 for what belongs to no talk.
func (p *Post) Depth() int { return len(p.Path) / pathStep }

// PathAbove is the path of what an answer with the given path answers; "" for
// one at the top.
func PathAbove(path string) string { return path[:max(0, len(path)-pathStep)] }

// StateName is how the state of a post of others is called for stewards: shown,
// held or hidden in a talk; offered, boosted or dismissed where it only mentions
// the city.
func (p *Post) StateName() string {
	switch {
	case !p.Announced.IsZero():
		return "boosted"
	case p.State == Shown:
		return "shown"
	case p.State == Hidden && p.Thread == "":
		return "dismissed"
	}
	return string(p.State)
}
