package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// What one hash costs: 19 MiB and two passes, the least that OWASP's Password
// Storage Cheat Sheet advises for argon2id.
const (
	memory  = 19 << 10 // KiB
	passes  = 2
	threads = 1
	keySize = 32
	salt    = 16
)

// Bounds of the hashes that are read, so that a row cannot ask for all memory.
const (
	maxMemory = 256 << 10 // KiB
	maxPasses = 16
	maxSize   = 64
)

// slots bounds how many hashes are made at once: each takes its memory and a
// processor.
var slots = make(chan struct{}, max(2, runtime.GOMAXPROCS(0)))

// derive waits for its turn. The error is that of ctx.
func derive(ctx context.Context, plain string, salt []byte, t, m uint32, p uint8, size uint32) ([]byte, error) {
	select {
	case slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-slots }()
	return argon2.IDKey([]byte(norm.NFKC.String(plain)), salt, t, m, p, size), nil
}

// Hash makes the hash of a password, "$argon2id$v=19$m=19456,t=2,p=1$salt$hash".
// The error is that of ctx, if it ends before it is this one's turn.
func Hash(ctx context.Context, plain string) (string, error) {
	s := make([]byte, salt)
	rand.Read(s)
	key, err := derive(ctx, plain, s, passes, memory, threads, keySize)
	if err != nil {
		return "", err
	}
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, memory, passes, threads, b64.EncodeToString(s), b64.EncodeToString(key)), nil
}

// Nobody is a hash that no password has. Verifying against it takes as long as
// against another, so that the time does not tell whether there is an account.
const Nobody = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGhhcyB0aGlzIQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// Verify tells whether a hash is that of a password. The error is that of ctx.
func Verify(ctx context.Context, plain, hash string) (bool, error) {
	h, ok := parse(hash)
	if !ok {
		return false, nil
	}
	key, err := derive(ctx, plain, h.salt, h.passes, h.memory, h.threads, uint32(len(h.key)))
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(key, h.key) == 1, nil
}

// Outdated tells whether a hash is made in another way than Hash does by now.
func Outdated(hash string) bool {
	h, ok := parse(hash)
	return !ok || h.memory != memory || h.passes != passes || h.threads != threads || len(h.key) != keySize
}

type parsed struct {
	memory, passes uint32
	threads        uint8
	salt, key      []byte
}

// parse reads a PHC string of argon2id.
func parse(hash string) (parsed, bool) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return parsed{}, false
	}
	var h parsed
	for _, f := range strings.Split(parts[3], ",") {
		name, v, _ := strings.Cut(f, "=")
		n, err := strconv.ParseUint(v, 10, 32)
		if err != nil {
			return parsed{}, false
		}
		switch name {
		case "m":
			h.memory = uint32(n)
		case "t":
			h.passes = uint32(n)
		case "p":
			h.threads = uint8(min(n, 255))
		}
	}
	var err error
	if h.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return parsed{}, false
	}
	if h.key, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil {
		return parsed{}, false
	}
	fits := h.memory >= 8 && h.memory <= maxMemory && h.passes >= 1 && h.passes <= maxPasses && h.threads >= 1 && h.threads <= 16 &&
		len(h.salt) >= 8 && len(h.salt) <= maxSize && len(h.key) >= 16 && len(h.key) <= maxSize
	return h, fits
}
