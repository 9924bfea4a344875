package server

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"sync"

	"github.com/gouchdb/gouchdb/core"
)

// PasswordIterations is how often [HashPassword] should turn the crank for passwords that people choose.
const PasswordIterations = 600_000

const passwordScheme = "pbkdf2-sha256"

// HashPassword returns what is stored in place of a password: the scheme, the iterations, a salt and the hash. More
// iterations make guessing slower, and the first login of a process too.
func HashPassword(password string, iterations int) (string, error) {
	if password == "" {
		return "", core.ErrBadRequest.Because("the password is empty")
	}
	if iterations < 1 {
		return "", core.ErrBadRequest.Because("a password needs at least one iteration")
	}
	salt := make([]byte, 16)
	_, _ = rand.Read(salt) // it never fails
	key, err := pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	if err != nil {
		return "", err
	}
	return strings.Join([]string{passwordScheme, strconv.Itoa(iterations), hex.EncodeToString(salt), hex.EncodeToString(key)}, "$"), nil
}

// passwordHash is a parsed hash. Passwords that were right once are recognised by a cheap keyed hash, which lives in
// memory only: programs send their password with every request.
type passwordHash struct {
	iterations int
	salt, key  []byte

	mu    sync.Mutex
	known []byte
}

var errPasswordHash = core.ErrBadRequest.Because("Users: a password hash is not one that HashPassword made")

func parsePasswordHash(text string) (*passwordHash, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 4 || parts[0] != passwordScheme {
		return nil, errPasswordHash
	}
	iterations, err := strconv.Atoi(parts[1])
	if err != nil || iterations < 1 {
		return nil, errPasswordHash
	}
	salt, err := hex.DecodeString(parts[2])
	if err != nil || len(salt) == 0 {
		return nil, errPasswordHash
	}
	key, err := hex.DecodeString(parts[3])
	if err != nil || len(key) != sha256.Size {
		return nil, errPasswordHash
	}
	return &passwordHash{iterations: iterations, salt: salt, key: key}, nil
}

// hashing bounds how many passwords are hashed at a time: wrong ones must not keep all processors busy.
var hashing = make(chan struct{}, 2)

// isKnown reports whether the password was right once. It takes no time.
func (p *passwordHash) isKnown(password string, processKey []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.known != nil && hmac.Equal(p.known, keyedHash(processKey, password))
}

// matches hashes the password, which takes a place in hashing.
func (p *passwordHash) matches(password string, processKey []byte) bool {
	key, err := pbkdf2.Key(sha256.New, password, p.salt, p.iterations, sha256.Size)
	if err != nil || !hmac.Equal(key, p.key) {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known = keyedHash(processKey, password)
	return true
}

func keyedHash(key []byte, parts ...string) []byte {
	mac := hmac.New(sha256.New, key)
	for _, part := range parts {
		// With its length before it, no two lists of parts look the same.
		mac.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	return mac.Sum(nil)
}
