package web

import (
	"net/http"
	"strings"
	"testing"

	"konfa/storage"
)

// A form in the encoding of files is refused where none are taken: the first look at
// one of its fields would unpack it, however large it is.
func TestNoFilesAtTheDoor(t *testing.T) {
	w := newTown(t)
	secret, err := w.node.AddSignIn(t.Context(), console, "ana")
	if err != nil {
		t.Fatal(err)
	}
	form := "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n" + strings.Repeat("x", maxForm) + "\r\n--x--\r\n"
	for _, path := range []string{"/login", "/login/" + secret, "/login/passkey", "/login/passkey/begin", "/login/oidc", "/logout", "/join", "/report", "/conf/none/come"} {
		for _, kind := range []string{"multipart/form-data; boundary=x", "Multipart/Form-Data;boundary=x"} {
			res := w.do(http.MethodPost, path, form, "Content-Type: "+kind, "Sec-Fetch-Site: same-origin")
			if res.StatusCode != http.StatusUnsupportedMediaType {
				t.Errorf("%s with %s: %s", path, kind, res.Status)
			}
		}
	}
}

// A steward who moved away reads nothing of others at the desk.
func TestMovedStewardAtTheDesk(t *testing.T) {
	w := newTown(t)
	ana := w.session("ana")
	m, err := w.node.Store().Member(t.Context(), "ana")
	if err != nil {
		t.Fatal(err)
	}
	m.MovedTo = "https://far.example/u/ana"
	if err := w.node.Store().Write(t.Context(), func(tx *storage.Tx) error { return tx.UpdateMember(t.Context(), m) }); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{deskMailPath, membersPath, "/desk"} {
		if res := w.do(http.MethodGet, path, "", ana); res.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
	if res := w.do(http.MethodGet, dataPath, "", ana); res.StatusCode != http.StatusOK {
		t.Errorf("their own data: %s", res.Status)
	}
}
