package signature

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// Bounds of RSA keys in bits. Below 2048 a key can be broken with effort, so a
// signature with it proves nothing (NIST SP 800-131A withdrew 1024 bits in
// 2013, and no server of the fediverse makes such keys). Above 8192 checking
// costs so much that it is a way to attack us.
const (
	minRSABits = 2048
	maxRSABits = 8192
)

// maxKeyText bounds the text of a key: a PEM of 8192 bits is 1.5 KB.
const maxKeyText = 8 << 10

// ParsePublicKey reads a public key: PEM with a PKIX key (RSA or Ed25519) or a
// PKCS#1 one (Mobilizon), or an Ed25519 key in multibase (FEP-521a). RSA keys
// are of 2048 to 8192 bits.
func ParsePublicKey(text string) (crypto.PublicKey, error) {
	if len(text) > maxKeyText {
		return nil, fmt.Errorf("the key is %d bytes of text, more than a key can be", len(text))
	}
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "-----BEGIN") {
		return parseMultikey(text)
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("the key is not valid PEM")
	}
	if strings.Contains(block.Type, "PRIVATE") {
		return nil, errors.New("this is a private key; its owner should change it at once")
	}
	// The label of the PEM is not relied upon: both orders of wrong labels exist.
	var key any
	if k, err := x509.ParsePKIXPublicKey(block.Bytes); err == nil {
		key = k
	} else if k, err1 := x509.ParsePKCS1PublicKey(block.Bytes); err1 == nil {
		key = k
	} else {
		return nil, fmt.Errorf("the key is neither PKIX nor PKCS#1: %w", err)
	}
	return key, checkKey(key)
}

// checkKey refuses kinds and sizes of keys that nothing should be believed from.
func checkKey(key crypto.PublicKey) error {
	switch k := key.(type) {
	case *rsa.PublicKey:
		bits := k.N.BitLen()
		if bits < minRSABits || bits > maxRSABits {
			return fmt.Errorf("RSA keys must have %d to %d bits, this one has %d", minRSABits, maxRSABits, bits)
		}
		if k.E < 3 || k.E&1 == 0 {
			return fmt.Errorf("%d is no exponent for an RSA key", k.E)
		}
		return nil
	case ed25519.PublicKey:
		if len(k) != ed25519.PublicKeySize {
			return errors.New("the Ed25519 key has a wrong length")
		}
		return nil
	default:
		return fmt.Errorf("keys of type %T are not used between servers", key)
	}
}

// NewRSA makes a private RSA key of 2048 bits, as PKCS#8 DER.
func NewRSA() ([]byte, error) {
	key, err := rsa.GenerateKey(rand.Reader, minRSABits)
	if err != nil {
		return nil, err
	}
	return x509.MarshalPKCS8PrivateKey(key)
}

// NewEd25519 makes a private Ed25519 key, as PKCS#8 DER.
func NewEd25519() ([]byte, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	return x509.MarshalPKCS8PrivateKey(key)
}

// ParsePrivate reads a private key from PKCS#8 DER.
func ParsePrivate(der []byte) (crypto.Signer, error) {
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	s, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a key of type %T cannot sign", key)
	}
	return s, checkKey(s.Public())
}

// PublicDER returns the public half of a key as PKIX DER.
func PublicDER(key crypto.Signer) ([]byte, error) {
	return x509.MarshalPKIXPublicKey(key.Public())
}

// PublicPEM wraps a public key given as PKIX DER into PEM.
func PublicPEM(pkix []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: pkix}))
}

// The multicodec prefix of an Ed25519 public key: 0xed as a varint.
var ed25519Prefix = []byte{0xed, 0x01}

// Multibase writes an Ed25519 key as publicKeyMultibase (FEP-521a): base58btc
// with the multicodec prefix.
func Multibase(key ed25519.PublicKey) string {
	return "z" + base58Encode(append(append([]byte{}, ed25519Prefix...), key...))
}

func parseMultikey(text string) (crypto.PublicKey, error) {
	body, ok := strings.CutPrefix(text, "z")
	if !ok {
		return nil, errors.New("the key is neither PEM nor multibase base58btc")
	}
	// 34 bytes are at most 47 digits; the bound keeps the quadratic decoder cheap.
	if len(body) > 64 {
		return nil, errors.New("the multibase key is longer than an Ed25519 key")
	}
	raw, err := base58Decode(body)
	if err != nil {
		return nil, err
	}
	if len(raw) != 2+ed25519.PublicKeySize || raw[0] != ed25519Prefix[0] || raw[1] != ed25519Prefix[1] {
		return nil, errors.New("the multibase key is not an Ed25519 public key")
	}
	return ed25519.PublicKey(raw[2:]), nil
}

const base58Digits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

func base58Encode(b []byte) string {
	n := new(big.Int).SetBytes(b)
	radix, rest := big.NewInt(58), new(big.Int)
	var out []byte
	for n.Sign() > 0 {
		n.DivMod(n, radix, rest)
		out = append(out, base58Digits[rest.Int64()])
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

func base58Decode(s string) ([]byte, error) {
	n, radix := new(big.Int), big.NewInt(58)
	zeros, leading := 0, true
	for i := 0; i < len(s); i++ {
		d := strings.IndexByte(base58Digits, s[i])
		if d < 0 {
			return nil, fmt.Errorf("%q is not a base58 digit", s[i])
		}
		if leading = leading && d == 0; leading {
			zeros++
		}
		n.Mul(n, radix).Add(n, big.NewInt(int64(d)))
	}
	return append(make([]byte, zeros), n.Bytes()...), nil
}
