package community

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// QuestionKind is how a question to guests is answered.
type QuestionKind string

// The kinds of questions.
const (
	AskText   QuestionKind = "text"   // a line
	AskChoice QuestionKind = "choice" // one of Choices
	AskYes    QuestionKind = "yes"    // a tick
)

// QuestionKinds lists all of them.
var QuestionKinds = []QuestionKind{AskText, AskChoice, AskYes}

// Question is what an organiser asks those who want to come. Key names the
// answer in Guest.Answers and never changes.
type Question struct {
	Key      string       `json:"key"`
	Text     string       `json:"text"`
	Kind     QuestionKind `json:"kind"`
	Choices  []string     `json:"choices,omitempty"`
	Required bool         `json:"required,omitempty"`
}

// Bounds of questions.
const (
	MaxQuestions = 10
	MaxQuestion  = 300 // characters
	MaxChoices   = 12
	MaxAnswer    = 500
)

// Accesses are what can be said of how a place can be come to and used.
var Accesses = []string{"step_free", "lift", "toilet", "parking", "transit", "hearing_loop", "sign_language", "quiet_room", "children", "dogs"}

// checkQuestions reports what is wrong with the questions to guests.
func checkQuestions(p *problems, qs []Question) {
	if len(qs) > MaxQuestions {
		p.add("questions", "many", "at most %d questions", MaxQuestions)
	}
	var keys []string
	for _, q := range qs {
		switch {
		case strings.TrimSpace(q.Text) == "":
			p.add("questions", "required", "a question needs its words")
		case utf8.RuneCountInString(q.Text) > MaxQuestion:
			p.add("questions", "long", "a question has at most %d characters", MaxQuestion)
		case !slices.Contains(QuestionKinds, q.Kind):
			p.add("questions", "choice", "a question is text, choice or yes")
		case q.Kind == AskChoice && (len(q.Choices) < 2 || len(q.Choices) > MaxChoices):
			p.add("questions", "choices", "a choice has 2 to %d answers", MaxChoices)
		case q.Key == "" || slices.Contains(keys, q.Key):
			p.add("questions", "required", "each question needs a key of its own")
		}
		keys = append(keys, q.Key)
	}
}

// checkAnswers brings the answers of a guest into their normal form, and reports
// those that are wrong or, where they are needed, missing. What nobody asked is
// dropped.
func checkAnswers(p *problems, qs []Question, answers map[string]string, needed bool) map[string]string {
	var out map[string]string
	for _, q := range qs {
		a := strings.TrimSpace(answers[q.Key])
		field := "q_" + q.Key
		switch {
		case a == "" && q.Required && needed:
			p.add(field, "required", "please answer: %s", q.Text)
		case a == "":
		case utf8.RuneCountInString(a) > MaxAnswer:
			p.add(field, "long", "at most %d characters", MaxAnswer)
		case q.Kind == AskChoice && !slices.Contains(q.Choices, a):
			p.add(field, "choice", "choose one of the answers")
		case q.Kind == AskYes && a != "yes":
			p.add(field, "choice", "tick it, or leave it")
		default:
			if out == nil {
				out = map[string]string{}
			}
			out[q.Key] = a
		}
	}
	return out
}
