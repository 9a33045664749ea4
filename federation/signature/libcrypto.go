package signature

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"io"
	"math/big"
	"sync"

	"github.com/golang-fips/openssl/v2"
	"github.com/golang-fips/openssl/v2/bbig"
)

// libcryptoNames are looked for when the first key is made quick. Nothing is
// linked: where none is found, Go signs.
var libcryptoNames = []string{"libcrypto.so.3", "libcrypto.so.1.1"}

// findLibcrypto loads the library once and returns its version, or "".
var findLibcrypto = sync.OnceValue(func() string {
	for _, name := range libcryptoNames {
		if there, _ := openssl.CheckVersion(name); !there {
			continue
		}
		if err := openssl.Init(name); err != nil {
			return "" // a second try is not allowed
		}
		return openssl.VersionText()
	}
	return ""
})

// Libcrypto returns the version of the libcrypto that signs, or "" where Go does
// it itself.
func Libcrypto() string { return findLibcrypto() }

// Quick returns a signer for the same key that signs with RSA a third as long,
// by libcrypto where the machine has one: the signature is most of the cost of
// a delivery. Any other key, and any trouble, gives the key itself.
func Quick(key crypto.Signer) crypto.Signer {
	k, ok := key.(*rsa.PrivateKey)
	if !ok || len(k.Primes) != 2 || findLibcrypto() == "" {
		return key
	}
	k.Precompute()
	enc := bbig.Enc
	private, err := openssl.NewPrivateKeyRSA(enc(k.N), enc(big.NewInt(int64(k.E))), enc(k.D), enc(k.Primes[0]), enc(k.Primes[1]),
		enc(k.Precomputed.Dp), enc(k.Precomputed.Dq), enc(k.Precomputed.Qinv))
	if err != nil {
		return key
	}
	q := &quickRSA{PrivateKey: k, quick: private}
	// A library that signs wrongly would make every peer refuse us.
	digest := sha256.Sum256([]byte("konfa"))
	sig, err := q.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil || rsa.VerifyPKCS1v15(&k.PublicKey, crypto.SHA256, digest[:], sig) != nil {
		return key
	}
	return q
}

// quickRSA is an RSA key of which libcrypto holds a copy.
type quickRSA struct {
	*rsa.PrivateKey
	quick *openssl.PrivateKeyRSA
}

// Sign signs by libcrypto what HTTP signatures need, PKCS #1 v1.5 over SHA-256,
// and everything else by Go.
func (q *quickRSA) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if _, pss := opts.(*rsa.PSSOptions); pss || opts.HashFunc() != crypto.SHA256 {
		return q.PrivateKey.Sign(random, digest, opts)
	}
	return openssl.SignRSAPKCS1v15(q.quick, crypto.SHA256, digest)
}
