package replication

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/internal/md5"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/internal/order"
)

// pouchIdentifier is a database that PouchDB's replicator knows by something else than its identity.
type pouchIdentifier interface {
	PouchID(ctx context.Context) (string, error)
}

// pouchText is what PouchDB makes the id of a replication from, the identities first. It reports false for replications that PouchDB does not have.
func pouchText(source, target string, options Options) (string, bool) {
	if options.Filter != nil || options.DesignDocs || options.View != "" || options.WinningRevsOnly || options.Since != "" {
		return "", false
	}
	text := []byte(source + target + options.DesignFilter)
	if options.QueryParams != nil {
		text = appendSorted(text, options.QueryParams)
	}
	docIDs := slices.Clone(options.DocIDs)
	order.Values(docIDs)
	text = append(text, strings.Join(docIDs, ",")...)
	return string(append(text, options.Selector...)), true
}

// pouchAlphabet is that of base64, with other signs for the last two: a slash in an id would have to be escaped.
const pouchAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_."

// pouchCheckpointID names the document in which PouchDB notes how far a replication got.
func pouchCheckpointID(text string) string {
	sum := md5.Sum([]byte(text))
	return core.LocalPrefix + base64.NewEncoding(pouchAlphabet).EncodeToString(sum[:])
}

// followPouchDB returns where PouchDB's replicator has got, nil when it was never there.
func (r *replicator) followPouchDB() (*checkpoint, error) {
	var ids [2]string
	for i, db := range []core.Adapter{r.source, r.target} {
		err := r.retry.do(r.ctx, "asking a database by what PouchDB knows it", func() (err error) {
			if known, ok := db.(pouchIdentifier); ok {
				ids[i], err = known.PouchID(r.ctx)
			} else {
				ids[i], err = db.Identity(r.ctx)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	text, ok := pouchText(ids[0], ids[1], r.options)
	if !ok {
		return nil, nil
	}
	notes := make([]*checkpoint, len(r.sides))
	for i, s := range r.sides {
		err := r.retry.do(r.ctx, "reading PouchDB's checkpoint of the "+s.name, func() error {
			doc, err := s.db.Get(r.ctx, pouchCheckpointID(text), core.GetOptions{})
			switch {
			case errors.Is(err, core.ErrMissing):
				return nil
			case err == nil:
				notes[i] = parsePouchCheckpoint(doc.Body)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	switch len(notes) {
	case 1:
		return notes[0], nil
	case 2:
		return agree(notes[0], notes[1]), nil
	}
	return nil, nil
}

// parsePouchCheckpoint reads the body of PouchDB's checkpoint. It returns nil for what is none.
func parsePouchCheckpoint(body []byte) *checkpoint {
	c := &checkpoint{}
	for element := range rawjson.Elements(rawjson.Member(body, "history")) {
		s := session{}
		var hasID, hasSeq bool
		s.id, hasID = rawjson.Text(rawjson.Member(element, "session_id"))
		s.recorded, hasSeq = parseSeq(rawjson.Member(element, "last_seq"))
		if hasID && hasSeq {
			c.history = append(c.history, s)
		}
	}
	if len(c.history) == 0 {
		return nil
	}
	c.session, c.seq = c.history[0].id, c.history[0].recorded
	return c
}
