package docstore

import (
	"bytes"
	"errors"
	"iter"
	"strconv"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
)

// checkWindow is how many values are read together.
const checkWindow = 256

// entries yields the entries of ranges, and makes problems of those whose values cannot be read.
func (c *checker) entries(ranges ...kv.Range) iter.Seq2[kv.Entry, error] {
	return func(yield func(kv.Entry, error) bool) {
		for _, r := range ranges {
			r.KeysOnly = true
			var keys [][]byte
			for entry, err := range c.snapshot.Scan(c.ctx, r) {
				if err != nil {
					yield(kv.Entry{}, err)
					return
				}
				if keys = append(keys, bytes.Clone(entry.Key)); len(keys) == checkWindow {
					if !c.read(keys, yield) {
						return
					}
					keys = nil
				}
			}
			if !c.read(keys, yield) {
				return
			}
		}
	}
}

// read yields entries, and reports whether more are wanted.
func (c *checker) read(keys [][]byte, yield func(kv.Entry, error) bool) bool {
	values, together := c.snapshot.GetMany(c.ctx, keys)
	for i, key := range keys {
		entry, err := kv.Entry{Key: key}, error(nil)
		if together == nil {
			entry.Value = values[i]
		} else {
			entry.Value, _, err = c.snapshot.Get(c.ctx, key)
		}
		if errors.Is(err, core.ErrCorrupt) {
			c.unreadable(key, err)
			continue
		}
		if !yield(entry, err) || err != nil {
			return false
		}
	}
	return true
}

func (c *checker) unreadable(key []byte, err error) {
	what := "the value of " + strconv.Quote(string(key))
	switch key[0] {
	case documentPrefix, localPrefix:
		what = "document " + strconv.Quote(string(key[1:]))
	case bodyPrefix:
		number, _ := keyNumber(key)
		what = "a body"
		if docID, known := c.bodies[number]; known {
			what = "a body of document " + strconv.Quote(docID)
			delete(c.bodies, number) // it is not missing
		}
	}
	c.problem(what, " cannot be read: ", core.AsError(err).Reason)
}
