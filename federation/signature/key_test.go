package signature

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParsePublicKey(t *testing.T) {
	pkix := func(k any) string {
		der, err := x509.MarshalPKIXPublicKey(k)
		if err != nil {
			t.Fatal(err)
		}
		return PublicPEM(der)
	}
	pub := rsaKey().Public().(*rsa.PublicKey)
	pkcs1 := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(pub)}))
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	private, err := NewEd25519()
	if err != nil {
		t.Fatal(err)
	}
	huge := &rsa.PublicKey{N: new(big.Int).Lsh(pub.N, 9000), E: 65537}
	for _, c := range []struct {
		name, text string
		ok         bool
	}{
		{"PKIX RSA", pkix(pub), true},
		{"PKCS#1, as Mobilizon has it", pkcs1, true},
		{"PKCS#1 with the label of PKIX", strings.ReplaceAll(pkcs1, "RSA PUBLIC", "PUBLIC"), true},
		{"CRLF and blanks", "\r\n " + strings.ReplaceAll(pkix(pub), "\n", "\r\n") + " ", true},
		{"PKIX Ed25519", pkix(edKey.Public()), true},
		{"multibase", Multibase(edKey.Public().(ed25519.PublicKey)), true},
		{"did:key example", "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK", true},
		{"1024 bits", cavageKey, false},
		{"9000 bits more", string(pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(huge)})), false},
		{"P-256", pkix(curve.Public()), false},
		{"a private key", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})), false},
		{"empty", "", false},
		{"cut", pkix(pub)[:200], false},
		{"no base58", "z6Mk0OIl", false},
		{"another multicodec", "z" + base58Encode(append([]byte{0x12, 0x05}, make([]byte, 32)...)), false},
		{"too short", "z" + base58Encode([]byte{0xed, 0x01, 1}), false},
		{"long multibase", "z" + strings.Repeat("6", 5000), false},
		{"long PEM", "-----BEGIN PUBLIC KEY-----\n" + strings.Repeat("A", 9000), false},
	} {
		key, err := ParsePublicKey(c.text)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
		if err == nil && key == nil {
			t.Errorf("%s: neither key nor error", c.name)
		}
	}
}

func TestNewKeys(t *testing.T) {
	for name, make := range map[string]func() ([]byte, error){"RSA": NewRSA, "Ed25519": NewEd25519} {
		der, err := make()
		if err != nil {
			t.Fatal(err)
		}
		key, err := ParsePrivate(der)
		if err != nil {
			t.Fatal(name, err)
		}
		pkix, err := PublicDER(key)
		if err != nil {
			t.Fatal(err)
		}
		pub, err := ParsePublicKey(PublicPEM(pkix))
		if err != nil || !sameKey(pub, key.Public()) {
			t.Error(name, "does not come back:", err)
		}
	}
}

func TestBase58(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "bytes")
		back, err := base58Decode(base58Encode(b))
		if err != nil || string(back) != string(b) {
			t.Fatalf("%x became %x: %v", b, back, err)
		}
	})
}
