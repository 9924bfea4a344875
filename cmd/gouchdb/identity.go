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
	// A process that dies here leaves no half of a file.
	if err := os.WriteFile(path+".new", append(text, '\n'), 0o600); err != nil {
		return id, err
	}
	return id, os.Rename(path+".new", path)
}

func random(bytes int) string {
	raw := make([]byte, bytes)
	_, _ = rand.Read(raw) // it never fails
	return hex.EncodeToString(raw)
}
