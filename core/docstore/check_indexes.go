package docstore

import (
	"bytes"
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/mango"
)

// checkIndexes compares the entries of all indexes with what the documents say that they should be.
func (c *checker) checkIndexes(engine mango.Engine) error {
	list := &noIndexes
	record, found, err := c.snapshot.Get(c.ctx, catalogueKey)
	if err == nil && found {
		list, err = decodeCatalogue(record, engine)
	}
	if errors.Is(err, core.ErrCorrupt) {
		c.problem(core.AsError(err).Reason)
		return nil
	}
	if err != nil {
		return err
	}
	built, err := list.states(c.ctx, c.snapshot)
	if err != nil {
		return err
	}
	expected := make([]int, len(list.stored))
	if len(list.stored) > 0 {
		err = c.eachWinner(func(doc *core.Document, seq uint64) error {
			for i, index := range list.stored {
				if seq > built[i] {
					continue
				}
				n, err := c.checkEntry(index, doc)
				if err != nil {
					return err
				}
				expected[i] += n
			}
			return nil
		})
	}
	if err != nil {
		return err
	}
	return c.countEntries(list, expected)
}

// checkEntry returns 1 for a document that an index holds, as it should.
func (c *checker) checkEntry(index storedIndex, doc *core.Document) (int, error) {
	entry, holds, err := index.Entry(doc)
	key := index.Key(doc)
	if err != nil || key == nil {
		return 0, nil // a pattern took too long, now or when it was written
	}
	value, found, err := c.snapshot.Get(c.ctx, append(entryPrefix(index.number), key...))
	switch {
	case err != nil:
		return 0, err
	case found != holds:
		c.problem("document ", strconv.Quote(doc.ID), ": it is in the index ", index.Name, " or not, contrary to its definition")
	case found && !bytes.Equal(value, entry.Values):
		c.problem("document ", strconv.Quote(doc.ID), ": its entry in the index ", index.Name, " has other values")
	}
	if found {
		return 1, nil
	}
	return 0, nil
}

// countEntries finds entries that no document accounts for.
func (c *checker) countEntries(list *catalogue, expected []int) error {
	counts := map[uint64]int{}
	r := prefixRange(entriesPrefix)
	r.KeysOnly = true
	for entry, err := range c.snapshot.Scan(c.ctx, r) {
		if err != nil {
			return err
		}
		number, ok := uint64(0), len(entry.Key) > 2
		if ok {
			number, ok = keyNumber(entry.Key[:min(len(entry.Key), 2+int(entry.Key[1]))])
		}
		if !ok {
			c.problem("there is an entry of an index whose key means nothing")
			continue
		}
		counts[number]++
	}
	for i, index := range list.stored {
		if counts[index.number] != expected[i] {
			c.problem("the index ", index.Name, " has ", strconv.Itoa(counts[index.number]), " entries, but should have ", strconv.Itoa(expected[i]))
		}
		delete(counts, index.number)
	}
	for number := range counts {
		_, dying, err := c.snapshot.Get(c.ctx, indexStateKey(number))
		if err != nil {
			return err
		}
		if !dying {
			c.problem("there are ", strconv.Itoa(counts[number]), " entries of an index that is not defined")
		}
	}
	return nil
}

// eachWinner reads the living documents that an index may hold. Those that cannot be read are left out: they are reported elsewhere.
func (c *checker) eachWinner(each func(doc *core.Document, seq uint64) error) error {
	var docIDs []string
	var records [][]byte
	flush := func() error {
		err := readEach(c.ctx, c.snapshot, docIDs, records, func(i int, doc *core.Document) error {
			seq, _, _ := decodeHead(records[i])
			return each(doc, seq)
		})
		docIDs, records = docIDs[:0], records[:0]
		return err
	}
	for entry, err := range c.entries(prefixRange(documentPrefix)) {
		if err != nil {
			return err
		}
		docID := string(entry.Key[1:])
		if recordDeleted(entry.Value) || strings.HasPrefix(docID, core.DesignPrefix) {
			continue
		}
		docIDs, records = append(docIDs, docID), append(records, entry.Value)
		if len(docIDs) == checkWindow {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// readEach reads documents together, or one by one when one of them is damaged.
func readEach(ctx context.Context, s kv.Snapshot, docIDs []string, records [][]byte, each func(int, *core.Document) error) error {
	docs, _, together := readRecorded(ctx, s, docIDs, records, false)
	for i := range docIDs {
		var doc *core.Document
		if together == nil {
			doc = docs[i]
		} else if alone, _, err := readRecorded(ctx, s, docIDs[i:i+1], records[i:i+1], false); err == nil {
			doc = alone[0]
		} else if !errors.Is(err, core.ErrCorrupt) {
			return err
		}
		if doc == nil {
			continue
		}
		if err := each(i, doc); err != nil {
			return err
		}
	}
	return nil
}
