package storage

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"konfa/community"
)

// tidyArgs turns what the methods pass into what both engines store: instants
// into microseconds, bools into 0 and 1, asJSON into text. Text loses the NUL
// and the broken UTF-8 that PostgreSQL refuses and SQLite would keep.
func tidyArgs(args []any) error {
	for i, a := range args {
		switch v := a.(type) {
		case int64:
		case string:
			args[i] = cleanText(v)
		case int:
			args[i] = int64(v)
		case bool:
			args[i] = int64(0)
			if v {
				args[i] = int64(1)
			}
		case time.Time:
			args[i] = micros(v)
		case []byte:
			if v == nil {
				args[i] = []byte{}
			}
		case asJSON:
			s, err := v.text()
			if err != nil {
				return err
			}
			args[i] = s
		default:
			rv := reflect.ValueOf(a)
			if rv.Kind() != reflect.String {
				return fmt.Errorf("storage: argument of the unexpected type %T", a)
			}
			args[i] = cleanText(rv.String())
		}
	}
	return nil
}

func cleanText(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	return s
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// asJSON stores a value as JSON, and nothing as the empty text.
type asJSON struct{ v any }

func (j asJSON) text() (string, error) {
	switch v := reflect.ValueOf(j.v); v.Kind() {
	case reflect.Slice, reflect.Pointer, reflect.Map:
		if v.IsNil() || v.Kind() == reflect.Slice && v.Len() == 0 {
			return "", nil
		}
	}
	if t, ok := j.v.(community.Texts); ok {
		return packTexts(t), nil
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(j.v); err != nil {
		return "", fmt.Errorf("storage: a value cannot be stored: %w", err)
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// fromJSON reads what asJSON stored.
type fromJSON struct{ v any }

func (j fromJSON) Scan(src any) error {
	s, ok := src.(string)
	if !ok {
		return fmt.Errorf("storage: JSON comes as %T", src)
	}
	if s == "" {
		return nil
	}
	if t, ok := j.v.(*community.Texts); ok {
		return unpackTexts(s, t)
	}
	return json.Unmarshal([]byte(s), j.v)
}

// instant reads microseconds, 0 as the zero time.
type instant struct{ t *time.Time }

func (i instant) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("storage: an instant comes as %T", src)
	}
	if n == 0 {
		*i.t = time.Time{}
	} else {
		*i.t = time.UnixMicro(n).UTC()
	}
	return nil
}

// number reads an int, several times quicker than database/sql does by itself.
type number struct{ n *int }

func (i number) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("storage: a number comes as %T", src)
	}
	*i.n = int(n)
	return nil
}

// flag reads 0 and 1.
type flag struct{ b *bool }

func (f flag) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("storage: a flag comes as %T", src)
	}
	*f.b = n != 0
	return nil
}

// word reads a text of a named type, quicker than database/sql does by itself.
type word[T ~string] struct{ s *T }

func (w word[T]) Scan(src any) error {
	s, ok := src.(string)
	if !ok {
		return fmt.Errorf("storage: a text comes as %T", src)
	}
	*w.s = T(s)
	return nil
}

func sorted(s []string) []string {
	slices.Sort(s)
	return s
}
