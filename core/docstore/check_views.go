package docstore

import (
	"bytes"

	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/viewindex"
)

// views checks the indexes of views, and that nothing else is there beside them.
func (c *checker) views() error {
	known := map[uint64]bool{}
	for entry, err := range c.entries(kv.PrefixRange(viewCatalog)) {
		if err != nil {
			return err
		}
		r, ok := decodeViewRecord(entry.Value)
		if !ok || len(entry.Key) != len(viewCatalog)+len(signature{}) || known[r.number] {
			c.problem("the record of a view cannot be read")
			continue
		}
		known[r.number] = true
		if r.state.Seq > c.meta.updateSeq || r.number >= c.meta.nextBody {
			c.problem("a view is ahead of the database")
		}
		problems, err := viewindex.Check(c.ctx, c.snapshot, numberKey(viewPrefix, r.number), &r.state)
		if err != nil {
			return err
		}
		for _, problem := range problems {
			c.problem("a view: ", problem)
		}
	}
	return c.strayViews(known)
}

// strayViews looks for what belongs to no index.
func (c *checker) strayViews(known map[uint64]bool) error {
	r := prefixRange(viewPrefix)
	r.KeysOnly = true
	for entry, err := range c.snapshot.Scan(c.ctx, r) {
		if err != nil {
			return err
		}
		key := entry.Key
		if bytes.HasPrefix(key, viewCatalog) {
			continue
		}
		if bytes.HasPrefix(key, viewRemoved) {
			number, _ := keyNumber(key[len(viewRemoved)-1:])
			known[number] = true // somebody is about to remove it
			continue
		}
		if length := int(key[1]); len(key) < 2+length {
			c.problem("there is a key of a view that means nothing")
		} else if number, ok := keyNumber(key[:2+length]); !ok || !known[number] {
			c.problem("there is a part of a view that is not there")
		}
	}
	return nil
}
