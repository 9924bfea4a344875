// Package projectroot finds the files of this repository that tests read, wherever it was cloned to. The compiler would know, but is told with -trimpath
// to forget it: what it has compiled in one clone is then of use in another.
package projectroot

import (
	"os"
	"path/filepath"
)

// Taken when the tests start, which is in the folder of their package: one may go elsewhere.
var root = find()

// Path returns the path of a file or folder, which is named from the root of the repository.
func Path(parts ...string) string {
	return filepath.Join(append([]string{root}, parts...)...)
}

// find returns the nearest folder above that has a go.mod, and nothing where there is none, as in a browser.
func find() string {
	directory, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(directory, "go.mod")); err == nil {
			return directory
		}
		parent := filepath.Dir(directory)
		if parent == directory {
			break
		}
		directory = parent
	}
	return ""
}
