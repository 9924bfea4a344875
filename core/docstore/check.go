package docstore

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strconv"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/mango"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// Report is what [DB.Check] found.
type Report struct {
	Documents int // deleted ones included
	Revisions int
	Bodies    int
	LocalDocs int
	// Problems says in words what contradicts what. It is empty in a sound database.
	Problems []string
}

// Check goes through all data and reports what is not as it must be: what cannot be read, revision trees, the sequence index, counters, bodies, and the indexes of queries. An error means
// that it could not look, not that it found something. It holds the number of every body in memory.
func (db *DB) Check(ctx context.Context) (report Report, err error) {
	err = db.view(ctx, false, func(s kv.Snapshot) (err error) {
		report, err = checkSnapshot(ctx, s, db.options.Regexp)
		return err
	})
	return report, err
}

// CheckSnapshot is Check for a database that is not open, perhaps because it cannot be any more. It takes on trust what indexes hold whose definitions
// have patterns.
func CheckSnapshot(ctx context.Context, s kv.Snapshot) (Report, error) {
	return checkSnapshot(ctx, s, nil)
}

func checkSnapshot(ctx context.Context, s kv.Snapshot, engine mango.Engine) (Report, error) {
	c := checker{ctx: ctx, snapshot: s, bodies: map[uint64]string{}, contents: newContentChecker()}
	err := c.run()
	if err == nil {
		err = c.checkIndexes(engine)
	}
	return c.report, err
}

type checker struct {
	ctx      context.Context
	snapshot kv.Snapshot
	report   Report
	meta     meta
	counted  meta              // the counters as they should be
	bodies   map[uint64]string // which document has a body, by its number
	contents contentChecker
}

func (c *checker) problem(parts ...string) {
	text := ""
	for _, part := range parts {
		text += part
	}
	c.report.Problems = append(c.report.Problems, text)
}

func (c *checker) run() (err error) {
	if c.meta, err = readMeta(c.ctx, c.snapshot); errors.Is(err, core.ErrCorrupt) {
		c.problem(core.AsError(err).Reason)
		c.meta.updateSeq, c.meta.nextBody = math.MaxUint64, math.MaxUint64
	} else if err != nil {
		return err
	}
	sequences, found := 0, 0
	for entry, err := range c.entries(kv.Range{To: []byte{bodyPrefix}}, kv.Range{From: []byte{chunkPrefix + 1}, To: []byte{viewPrefix}},
		kv.Range{From: []byte{viewPrefix + 1}, To: []byte{entriesPrefix}}, kv.Range{From: []byte{entriesPrefix + 1}}) {
		if err != nil {
			return err
		}
		switch key := entry.Key; key[0] {
		case documentPrefix:
			if err := c.document(string(key[1:]), entry.Value); err != nil {
				return err
			}
		case sequencePrefix:
			sequences++
		case contentPrefix:
			c.header(entry)
		case stagedPrefix:
			if number, ok := keyNumber(key); ok {
				c.contents.staged[number] = true
			}
		case localPrefix:
			c.local(string(key[1:]), entry.Value)
		case indexPrefix: // see checkIndexes
		default:
			if !bytes.Equal(key, formatKey) && !bytes.Equal(key, uuidKey) && !bytes.Equal(key, metaKey) {
				c.problem("there is a key that means nothing: ", strconv.Quote(string(key)))
			}
		}
	}
	// Each document's sequence leads back to it, so equal numbers mean that nothing else is in the index.
	if sequences != c.report.Documents {
		c.problem("there are ", strconv.Itoa(c.report.Documents), " documents but ", strconv.Itoa(sequences), " entries in the feed")
	}
	for entry, err := range c.entries(prefixRange(bodyPrefix)) {
		if err != nil {
			return err
		}
		found += c.body(entry)
	}
	if err := c.checkContents(); err != nil {
		return err
	}
	if err := c.views(); err != nil {
		return err
	}
	if found != len(c.bodies) {
		c.problem(strconv.Itoa(len(c.bodies)-found), " bodies are missing")
	}
	if c.counted.docCount != c.meta.docCount || c.counted.delCount != c.meta.delCount {
		c.problem("counted ", strconv.FormatUint(c.counted.docCount, 10), " living and ", strconv.FormatUint(c.counted.delCount, 10),
			" deleted documents, but the counters say ", strconv.FormatUint(c.meta.docCount, 10), " and ", strconv.FormatUint(c.meta.delCount, 10))
	}
	return nil
}

func (c *checker) document(docID string, value []byte) error {
	c.report.Documents++
	name := "document " + strconv.Quote(docID) + ": "
	rec, err := decodeRecord(docID, value)
	if err != nil {
		c.problem(name, err.Error())
		return nil
	}
	if err := rec.tree.Check(); err != nil {
		c.problem(name, err.Error())
	}
	winner := rec.tree.Winner()
	*c.counted.counter(winner.Deleted)++
	if winner.Deleted != rec.deleted {
		c.problem(name, "it is marked as deleted or not, contrary to its winner")
	}
	if shown, _, err := decodeWinner(docID, value); err != nil || shown.Rev != winner.Rev {
		c.problem(name, "listings show another winner than reads")
	}
	for node := range rec.tree.All() {
		c.report.Revisions++
		switch other, taken := c.bodies[node.Body]; {
		case node.Body == noBody:
			if node.Leaf {
				c.problem(name, "leaf ", node.Rev.String(), " has no body")
			}
		case node.Body == emptyBody:
		case taken:
			c.problem(name, "it shares a body with document ", strconv.Quote(other))
		case node.Body&^attachedBit >= c.meta.nextBody:
			c.problem(name, "it has a body whose number is not given out yet")
		default:
			c.bodies[node.Body] = docID
		}
	}
	if rec.seq == 0 || rec.seq > c.meta.updateSeq {
		c.problem(name, "its sequence is not given out yet")
	}
	indexed, _, err := c.snapshot.Get(c.ctx, numberKey(sequencePrefix, rec.seq))
	if err == nil && string(indexed) != docID {
		c.problem(name, "the feed has ", strconv.Quote(string(indexed)), " at its sequence")
	}
	return err
}

// body returns 1 for a body that a document has.
func (c *checker) body(entry kv.Entry) int {
	c.report.Bodies++
	number, ok := keyNumber(entry.Key)
	docID, known := c.bodies[number]
	if !ok || !known {
		c.problem("body ", strconv.FormatUint(number, 10), " belongs to no document")
		return 0
	}
	body := c.attachments(docID, number, entry.Value)
	if rawjson.KindOf(body) != rawjson.Object || rawjson.Validate(body) != nil {
		c.problem("document ", strconv.Quote(docID), ": a body is not a JSON object")
	}
	return 1
}

func (c *checker) local(docID string, value []byte) {
	c.report.LocalDocs++
	doc, err := decodeLocal(docID, value)
	if err != nil || !core.IsLocalID(docID) || rawjson.Validate(doc.Body) != nil {
		c.problem("local document ", strconv.Quote(docID), " cannot be read")
	}
}
