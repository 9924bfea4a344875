package engine

import (
	"context"
	"math"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// request is what an operation gets to work with.
type request struct {
	options
	data []byte // nil when the operation has none
	raw  []byte // contents of attachments, which follow the text
	call *call
	// engine is asked for what the page has and the request does not hold.
	engine *Engine
}

type (
	engineOperation   func(ctx context.Context, e *Engine, r *request) ([]byte, error)
	databaseOperation func(ctx context.Context, db core.Adapter, r *request) ([]byte, error)
)

// options reads an object of options. The first value of a wrong type becomes err, which names the option; the
// readers then return zero values, so that an operation checks once, after the last.
type options struct {
	text []byte
	err  error
}

// value returns an option as text, nil when it is not given or null.
func (o *options) value(name string) []byte {
	value := rawjson.Member(o.text, name)
	if rawjson.KindOf(value) == rawjson.Null {
		return nil
	}
	return value
}

// only reports whether there is no other option.
func (o *options) only(name string) bool {
	for given := range rawjson.Members(o.text) {
		if !rawjson.Is(given, name) {
			return false
		}
	}
	return true
}

func (o *options) refuse(name, expected string) {
	if o.err == nil {
		o.err = core.ErrQueryParse.Because("option `" + name + "` must be " + expected)
	}
}

func (o *options) bool(name string) bool { return o.boolOr(name, false) }

func (o *options) boolOr(name string, otherwise bool) bool {
	value := o.value(name)
	if value == nil {
		return otherwise
	}
	b, ok := rawjson.Bool(value)
	if !ok {
		o.refuse(name, "true or false")
	}
	return b
}

func (o *options) string(name string) string {
	value := o.value(name)
	if value == nil {
		return ""
	}
	text, ok := rawjson.Text(value)
	if !ok {
		o.refuse(name, "a string")
	}
	return text
}

func (o *options) optionalString(name string) *string {
	if o.value(name) == nil {
		return nil
	}
	text := o.string(name)
	return &text
}

// strings returns nil when the option is not given, else a list, which may be empty.
func (o *options) strings(name string) []string {
	value := o.value(name)
	if value == nil {
		return nil
	}
	texts, ok := rawjson.Texts(value)
	if !ok {
		o.refuse(name, "an array of strings")
	}
	return texts
}

// count returns a whole number from 0 on; given is false, and n 0, without the option.
func (o *options) count(name string) (n int, given bool) {
	value := o.value(name)
	if value == nil {
		return 0, false
	}
	number, ok := rawjson.Int(value)
	if !ok || number < 0 || number > math.MaxInt32 {
		o.refuse(name, "a whole number, 0 or greater")
		return 0, true
	}
	return int(number), true
}

// limit returns a count with [core.NoRows] in the place of 0 and 0 for none.
func (o *options) limit(name string) int {
	n, given := o.count(name)
	if given && n == 0 {
		return core.NoRows
	}
	return n
}

// duration returns a number of milliseconds.
func (o *options) duration(name string) time.Duration {
	n, _ := o.count(name)
	return time.Duration(n) * time.Millisecond
}

// seq returns a sequence, of either of the types that they have.
func (o *options) seq(name string) core.Seq {
	value := o.value(name)
	switch rawjson.KindOf(value) {
	case rawjson.String:
		return core.Seq(o.string(name))
	case rawjson.Number:
		if string(value) == "0" {
			return ""
		}
		return core.Seq(value)
	case rawjson.Invalid:
		return ""
	}
	o.refuse(name, "a sequence or \"now\"")
	return ""
}

// rev returns a revision, zero when the option is not given.
func (o *options) rev(name string) core.Rev {
	text := o.string(name)
	if text == "" {
		return core.Rev{}
	}
	rev, err := core.ParseRev(text)
	if err != nil && o.err == nil {
		o.err = err
	}
	return rev
}

func (o *options) revs(name string) []core.Rev {
	revs := []core.Rev{}
	for _, text := range o.strings(name) {
		rev, err := core.ParseRev(text)
		if err != nil && o.err == nil {
			o.err = err
		}
		revs = append(revs, rev)
	}
	return revs
}
