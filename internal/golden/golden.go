// Package golden finds the answers recorded from a real CouchDB that tests compare with.
package golden

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/gouchdb/gouchdb/internal/projectroot"
)

// Path returns where the recorded file of that name lies: below $GOLDEN_DIR when that is set, in the project's testdata otherwise.
func Path(name string) string {
	if dir := os.Getenv("GOLDEN_DIR"); dir != "" {
		return filepath.Join(dir, name)
	}
	return projectroot.Path("testdata", "golden", name)
}

// Load decodes a recorded file into what into points to. Use json.RawMessage where the spelling of numbers or the order of members counts.
func Load(t testing.TB, name string, into any) {
	t.Helper()
	text, err := os.ReadFile(Path(name))
	if err != nil {
		t.Fatalf("reading recorded answers: %v", err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("decoding %s: %v", name, err)
	}
}
