package password

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestHashAndVerify(t *testing.T) {
	ctx := t.Context()
	h, err := Hash(ctx, "пять слов и запятая")
	if err != nil || !strings.HasPrefix(h, "$argon2id$v=19$m=19456,t=2,p=1$") || Outdated(h) {
		t.Fatal(h, err)
	}
	if other, _ := Hash(ctx, "пять слов и запятая"); other == h {
		t.Error("two hashes of one password are the same: there is no salt")
	}
	for plain, want := range map[string]bool{"пять слов и запятая": true, "Пять слов и запятая": false, "": false, "пять слов и запята": false} {
		if got, err := Verify(ctx, plain, h); err != nil || got != want {
			t.Errorf("%q: %v %v", plain, got, err)
		}
	}
	// The same letters, composed in another way: é as one and as two.
	if h, err = Hash(ctx, "caf\u00e9 au lait noir"); err != nil {
		t.Fatal(err)
	}
	if ok, err := Verify(ctx, "cafe\u0301 au lait noir", h); err != nil || !ok {
		t.Error("the same letters from another keyboard are not taken", err)
	}
	if ok, err := Verify(ctx, "", Nobody); err != nil || ok {
		t.Error("nobody has a password", err)
	}
	if _, known := parse(Nobody); !known {
		t.Error("verifying against nobody takes no time")
	}
	// One made elsewhere (the reference implementation's `argon2 somesalt -id -t 2 -m 16 -p 1 -l 24`) is read, and to be made anew.
	const foreign = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if ok, err := Verify(ctx, "password", foreign); err != nil || !ok || !Outdated(foreign) {
		t.Error("a hash of the reference implementation is not read", err)
	}
}

func TestBrokenHashes(t *testing.T) {
	for _, h := range []string{"", "$", "x", "$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "$argon2id$v=18$m=19456,t=2,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=4000000,t=2,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "$argon2id$v=19$m=19456,t=0,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=19456,t=2,p=0$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$", "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$%%"} {
		if ok, err := Verify(t.Context(), "password", h); ok || err != nil || !Outdated(h) {
			t.Errorf("%q: %v %v", h, ok, err)
		}
	}
}

// Whoever waits for their turn can leave, and no more than the bound are made at
// once.
func TestBound(t *testing.T) {
	for range cap(slots) {
		slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Hash(ctx, "something long"); !errors.Is(err, context.Canceled) {
		t.Error("one more than the bound was made", err)
	}
	if _, err := Verify(ctx, "something long", Nobody); !errors.Is(err, context.Canceled) {
		t.Error("one more than the bound was verified", err)
	}
	for range cap(slots) {
		<-slots
	}
	if _, err := Hash(t.Context(), "something long"); err != nil {
		t.Error(err)
	}
}

func TestCommon(t *testing.T) {
	for _, p := range []string{"password123", "Password1!", "P@ssw0rd2026", "qwertyuiop", "1234567890", "0987654321", "1q2w3e4r5t", "aaaaaaaaaa", "abcabcabcabc", "iloveyou2026",
		"йцукенгшщз", "пароль12345", "Люблютебя!", "qazwsxedc1", "letmein!!!!", "welcome2026", "administrator", "correcthorsebatterystaple", "1qaz2wsx3edc", "asdfghjkl;", "ilovebelgrade", "2026-05-17-2027", "lozinka1234",
		"annapetrova", "anna.petrova", "petrova1985"} {
		if !Common(p, "anna", "Anna Petrova", "Belgrade") {
			t.Errorf("%q is taken", p)
		}
	}
	for _, p := range []string{"пять слов и запятая", "mossy-harbour-kettle", "Tr0ub4dor&3 wagons", "zvuk kiše na limu", "xkQ9$mPz2wLr", "der letzte Zug nach Niš"} {
		if Common(p, "anna", "Anna Petrova", "Belgrade") {
			t.Errorf("%q is refused", p)
		}
	}
}

// Whatever a row holds, nothing is accepted that was not hashed, and reading it
// takes bounded memory.
func FuzzParse(f *testing.F) {
	f.Add(Nobody)
	f.Add("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Fuzz(func(t *testing.T, s string) {
		if h, ok := parse(s); ok && (h.memory > maxMemory || h.passes > maxPasses || h.passes == 0 || h.threads == 0 || len(h.key) > maxSize || len(h.key) < 16) {
			t.Errorf("%+v", h)
		}
	})
}

func FuzzCommon(f *testing.F) {
	f.Add("P@ssw0rd2026", "Anna Petrova")
	f.Fuzz(func(t *testing.T, p, word string) {
		if len(p) > 800 {
			return
		}
		if got := Common(p, word); got != Common(p, word) {
			t.Error("it says something else each time")
		}
		if Common(p) && !Common(p, word) {
			t.Error("knowing more makes it a better one")
		}
	})
}
