package activitystreams

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"strings"
)

// A Multikey (FEP-521a) holds its key as multibase: "z" and base58btc of a
// multicodec prefix and the bytes of the key. 0xed01 says Ed25519.
const base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

var ed25519Prefix = []byte{0xed, 0x01}

// multikey is the multibase form of an Ed25519 key in PKIX DER, and "" for
// anything else.
func multikey(der []byte) string {
	if len(der) == 0 {
		return ""
	}
	k, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return ""
	}
	ed, ok := k.(ed25519.PublicKey)
	if !ok {
		return ""
	}
	return "z" + encodeBase58(append(append([]byte{}, ed25519Prefix...), ed...))
}

// multikeyPEM is the PEM of a multibase Ed25519 key, and "" for anything else.
func multikeyPEM(s string) string {
	rest, ok := strings.CutPrefix(s, "z")
	if !ok || len(rest) > 64 {
		return ""
	}
	b, ok := decodeBase58(rest)
	if !ok || len(b) != 2+ed25519.PublicKeySize || b[0] != ed25519Prefix[0] || b[1] != ed25519Prefix[1] {
		return ""
	}
	der, err := x509.MarshalPKIXPublicKey(ed25519.PublicKey(b[2:]))
	if err != nil {
		return ""
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

func encodeBase58(b []byte) string {
	n := new(big.Int).SetBytes(b)
	base, rem := big.NewInt(58), new(big.Int)
	var out []byte
	for n.Sign() > 0 {
		n.DivMod(n, base, rem)
		out = append(out, base58[rem.Int64()])
	}
	for _, c := range b {
		if c != 0 {
			break
		}
		out = append(out, '1')
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return string(out)
}

func decodeBase58(s string) ([]byte, bool) {
	n := new(big.Int)
	base := big.NewInt(58)
	for _, r := range s {
		i := strings.IndexRune(base58, r)
		if i < 0 {
			return nil, false
		}
		n.Mul(n, base).Add(n, big.NewInt(int64(i)))
	}
	zeros := 0
	for zeros < len(s) && s[zeros] == '1' {
		zeros++
	}
	return append(make([]byte, zeros), n.Bytes()...), true
}
