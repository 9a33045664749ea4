package gazetteer

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold is the form in which names are compared: small letters without marks,
// words parted by one space, "saint" for "st". "Saint-Étienne" and
// "st. etienne" are the same.
func Fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range norm.NFD.String(strings.ToValidUTF8(s, " ")) {
		switch {
		case unicode.Is(unicode.Mn, r) || r == '\'' || r == '’' || r == 'ʻ' || r == '`' || r == '.':
			// "и" with a breve is another letter to readers, and the table of
			// names writes й as и too, so that both meet here.
			continue
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if space && b.Len() > 0 {
				b.WriteByte(' ')
			}
			space = false
			r = unicode.ToLower(r)
			if s, ok := plainLetters[r]; ok {
				b.WriteString(s)
				continue
			}
			b.WriteRune(r)
		default:
			space = true
		}
	}
	s = b.String()
	if rest, ok := strings.CutPrefix(s, "st "); ok {
		return "saint " + rest
	}
	return s
}

// plainLetters are letters that Unicode does not take apart.
var plainLetters = map[rune]string{
	'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'ß': "ss", 'æ': "ae", 'œ': "oe", 'ı': "i", 'þ': "th", 'ħ': "h", 'ŋ': "n",
}
