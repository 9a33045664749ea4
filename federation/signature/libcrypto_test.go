package signature

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"sync"
	"testing"
)

// The quick signer and Go's make the same signatures: PKCS #1 v1.5 has only one.
func TestQuickSignsAlike(t *testing.T) {
	if Libcrypto() == "" {
		t.Log("there is no libcrypto here: Go signs")
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	quick := Quick(key)
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			digest := sha256.Sum256([]byte{byte(i)})
			want, err := key.Sign(nil, digest[:], crypto.SHA256)
			if err != nil {
				t.Error(err)
			}
			got, err := quick.Sign(rand.Reader, digest[:], crypto.SHA256)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%x, %v", got, err)
			}
		})
	}
	group.Wait()
	long := sha512.Sum512([]byte("x"))
	sig, err := quick.Sign(rand.Reader, long[:], crypto.SHA512)
	if err != nil || rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA512, long[:], sig) != nil {
		t.Error("SHA-512:", err)
	}
	sig, err = quick.Sign(rand.Reader, long[:], &rsa.PSSOptions{Hash: crypto.SHA512})
	if err != nil || rsa.VerifyPSS(&key.PublicKey, crypto.SHA512, long[:], sig, nil) != nil {
		t.Error("PSS:", err)
	}
	if _, err := quick.Sign(rand.Reader, []byte("short"), crypto.SHA256); err == nil {
		t.Error("signed what is no digest")
	}
	if !quick.Public().(*rsa.PublicKey).Equal(&key.PublicKey) {
		t.Error("another public key")
	}
}

func TestQuickLeavesOthersAlone(t *testing.T) {
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := Quick(ed).(ed25519.PrivateKey); !ok || !got.Equal(ed) {
		t.Error("an Ed25519 key became something else")
	}
}

func BenchmarkRSA(b *testing.B) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		b.Fatal(err)
	}
	digest := sha256.Sum256([]byte("x"))
	for name, signer := range map[string]crypto.Signer{"go": key, "quick": Quick(key)} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := signer.Sign(rand.Reader, digest[:], crypto.SHA256); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
