//go:build !js

package regexps

import (
	"github.com/gouchdb/gouchdb/core/mango"
	"github.com/gouchdb/gouchdb/internal/regexps/backtrack"
)

// Compile compiles a pattern, which must be in the syntax of package pcre.
func Compile(pattern string, ignoreCase bool) (mango.Regexp, error) {
	compiled, err := backtrack.Compile(pattern, ignoreCase)
	if err != nil {
		return nil, err
	}
	return compiled, nil
}
