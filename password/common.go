package password

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"
)

// What people choose when asked for something long: the stems of it, one a line.
//
//go:embed common.txt
var commonText string

var stems = sync.OnceValue(func() map[string]bool {
	out := map[string]bool{}
	for line := range strings.Lines(commonText) {
		if s := strings.TrimSpace(line); s != "" {
			out[s] = true
		}
	}
	return out
})

// rows are what lies next to each other, on keyboards and elsewhere.
var rows = []string{
	"01234567890123456789", "98765432109876543210", "abcdefghijklmnopqrstuvwxyz", "zyxwvutsrqponmlkjihgfedcba",
	"qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "poiuytrewq", "lkjhgfdsa", "mnbvcxz",
	"1qaz2wsx3edc4rfv5tgb6yhn7ujm", "qazwsxedcrfvtgbyhnujm", "1q2w3e4r5t6y7u8i9o0p", "q1w2e3r4t5y6u7i8o9p0", "!@#$%^&*()",
	"йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю", "абвгдежзийклмнопрстуфхцчшщъыьэюя", "љњертзуиопшђ",
}

// spelled undoes the letters that are commonly written with digits and signs.
var spelled = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "8", "b", "9", "g", "@", "a", "$", "s", "!", "i", "+", "t", "|", "l", "€", "e")

// Common tells whether a password is one of those that are tried first: a common
// one, with digits and signs around it or instead of letters, one thing over and
// over, neighbours on a keyboard; or made of a word that is no secret, such as
// the name of whoever has it.
func Common(plain string, words ...string) bool {
	p := strings.ToLower(plain)
	own := map[string]bool{}
	for _, w := range words {
		for _, part := range strings.FieldsFunc(strings.ToLower(w), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			if len([]rune(part)) >= 3 {
				own[part] = true
			}
		}
		if w = letters(strings.ToLower(w)); len([]rune(w)) >= 3 {
			own[w] = true
		}
	}
	known := func(s string) bool { return stems()[s] || own[s] || len([]rune(s)) > 2 && neighbours(s) }
	for _, form := range []string{p, spelled.Replace(p)} {
		if monotonous(form) || known(form) {
			return true
		}
		// Digits and signs before and after a word do not make it another one.
		if core := strings.TrimFunc(form, func(r rune) bool { return !unicode.IsLetter(r) }); core != form && core != "" && (known(core) || monotonous(core)) {
			return true
		}
		if parts(form, known) {
			return true
		}
	}
	core := strings.TrimFunc(p, func(r rune) bool { return !unicode.IsLetter(r) })
	return core != "" && known(spelled.Replace(core))
}

// parts tells whether a text is at most four known pieces one after another, with
// nothing but digits and signs between: "ilovebelgrade2026".
func parts(s string, known func(string) bool) bool {
	runes := []rune(letters(s))
	if len(runes) == 0 {
		return true // a number
	}
	// fewest[i] is how many pieces make up the first i letters, 0 for none.
	fewest := make([]int, len(runes)+1)
	fewest[0] = 1
	for i := 1; i <= len(runes); i++ {
		for j := max(0, i-24); j < i; j++ {
			if fewest[j] > 0 && i-j > 2 && known(string(runes[j:i])) && (fewest[i] == 0 || fewest[j]+1 < fewest[i]) {
				fewest[i] = fewest[j] + 1
			}
		}
	}
	n := fewest[len(runes)]
	return n > 0 && n-1 <= 2
}

func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return r
		}
		return -1
	}, s)
}

// monotonous tells whether a text is one short thing over and over, or has hardly
// any different characters.
func monotonous(s string) bool {
	runes := []rune(s)
	different := map[rune]bool{}
	for _, r := range runes {
		different[r] = true
	}
	if len(different) <= 3 {
		return true
	}
	for n := 1; n <= len(runes)/2; n++ {
		same := true
		for i := n; i < len(runes) && same; i++ {
			same = runes[i] == runes[i%n]
		}
		if same && n <= 6 {
			return true
		}
	}
	return false
}

// neighbours tells whether a text is a run along a row, or a few of them.
func neighbours(s string) bool {
	runes := []rune(s)
	if len(runes) < 4 {
		return false
	}
	for i := 0; i < len(runes); {
		n := 0
		for j := len(runes); j >= i+3; j-- {
			if onRow(string(runes[i:j])) {
				n = j - i
				break
			}
		}
		if n == 0 {
			return false
		}
		i += n
	}
	return true
}

func onRow(s string) bool {
	for _, row := range rows {
		if strings.Contains(row, s) {
			return true
		}
	}
	return false
}
