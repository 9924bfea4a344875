package main

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// identity is what a server keeps beside its databases: replicators know it by its uuid, and sessions survive a restart
// with the secret.
type identity struct {
	UUID         string `json:"uuid"`
	CookieSecret string `json:"cookie_secret"`
}

// loadIdentity reads the identity of the server in a directory, or makes one.
func loadIdentity(dir string) (identity, error) {
	path := filepath.Join(dir, "server.json")
	var id identity
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newIdentity(path)
	}
	if err != nil {
		return id, err
	}
	if err := json.Unmarshal(text, &id); err != nil || id.UUID == "" || id.CookieSecret == "" {
		return id, fmt.Errorf("%s is damaged; without it, a new one is made, and replications begin again", path)
	}
	return id, nil
}

func newIdentity(path string) (identity, error) {
	id := identity{UUID: random(16), CookieSecret: random(32)}
	text, err := json.Marshal(id)
	if err != nil {
		return id, err
	}
	// Neither a process that dies here nor a loss of power leaves half of a file.
	if err := writeDurably(path+".new", append(text, '\n')); err != nil {
		return id, err
	}
	return id, os.Rename(path+".new", path)
}

func writeDurably(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

func random(bytes int) string {
	raw := make([]byte, bytes)
	_, _ = rand.Read(raw) // it never fails
	return hex.EncodeToString(raw)
}
