package users

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/fasterapi/fasterapi/security"
)

// Hasher makes slow hashes of passwords: every guess takes as long. Tests take few rounds.
type Hasher struct{ Rounds int }

// Hash returns what is stored of a password. It says how it was made, so that Rounds may change later.
func (h Hasher) Hash(password string) (string, error) {
	salt := make([]byte, 16)
	rand.Read(salt)
	key, err := pbkdf2.Key(sha256.New, password, salt, h.Rounds, sha256.Size)
	if err != nil {
		return "", err
	}
	text := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("pbkdf2-sha256$%d$%s$%s", h.Rounds, text(salt), text(key)), nil
}

// nobody is the hash for users who are not there: it takes as long to find out that they are not.
func (h Hasher) nobody() string {
	return fmt.Sprintf("pbkdf2-sha256$%d$%s$", h.Rounds, strings.Repeat("A", 22))
}

var errHash = errors.New("users: the stored hash of a password is damaged")

// Check tells whether this is the password of a hash.
func (Hasher) Check(password, stored string) (bool, error) {
	parts := strings.Split(stored, "$")
	if len(parts) != 4 || parts[0] != "pbkdf2-sha256" {
		return false, errHash
	}
	rounds, err := strconv.Atoi(parts[1])
	if err != nil || rounds < 1 {
		return false, errHash
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[2])
	if err != nil {
		return false, errHash
	}
	key, err := pbkdf2.Key(sha256.New, password, salt, rounds, sha256.Size)
	return err == nil && security.Equal(base64.RawStdEncoding.EncodeToString(key), parts[3]), err
}
