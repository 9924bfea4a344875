package mango

import (
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/mango/pcre"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// Regexp is a compiled pattern. It may be used by many goroutines at once.
type Regexp interface {
	// MatchString tells whether the pattern matches anywhere in text. It fails when that takes too much.
	MatchString(text string) (bool, error)
}

// Engine compiles a pattern in the syntax that package pcre translates into. It means what it means for JavaScript with the flags u, or iu.
type Engine func(pattern string, ignoreCase bool) (Regexp, error)

var errNoEngine = core.ErrNotImplemented.Because("$regex needs an engine of regular expressions, and this database was opened without one")

func compileRegexp(pattern string, engine Engine) (Regexp, error) {
	if engine == nil {
		return nil, errNoEngine
	}
	translated, err := pcre.Translate(pattern)
	if err == nil {
		var compiled Regexp
		if compiled, err = engine(translated.Source, translated.IgnoreCase); err == nil {
			return compiled, nil
		}
	}
	refused := badArgument(string(opRegex), rawjson.AppendString(nil, pattern))
	return nil, refused.Because(refused.Reason + " (" + err.Error() + ")").From(err)
}
