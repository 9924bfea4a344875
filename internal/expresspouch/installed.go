package expresspouch

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/gouchdb/gouchdb/internal/projectroot"
)

// installed returns the folder of the server's script, if npm has been there.
func installed(t testing.TB) string {
	t.Helper()
	folder := projectroot.Path("node_test")
	if _, err := os.Stat(filepath.Join(folder, "node_modules", "express-pouchdb")); err != nil {
		t.Fatal("express-pouchdb is not installed: run `make setup`, or `npm ci` in node_test")
	}
	return folder
}
