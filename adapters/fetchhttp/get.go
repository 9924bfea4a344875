package fetchhttp

import (
	"context"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/wire"
)

// Info describes the database as the server does.
func (db *DB) Info(ctx context.Context) (core.Info, error) {
	text, err := db.ask(ctx, call{method: "GET"})
	if err != nil {
		return core.Info{}, err
	}
	info, err := wire.ParseInfo(text)
	info.Adapter = "http"
	return info, err
}

// Get reads a document.
func (db *DB) Get(ctx context.Context, docID string, options core.GetOptions) (*core.Document, error) {
	if hasNoURL(docID) {
		return db.getByBody(ctx, docID, options)
	}
	path, err := docPath(docID)
	if err != nil {
		return nil, err
	}
	var q query
	if !options.Rev.IsZero() {
		q = q.with("rev", options.Rev.String()).when("latest", options.Latest)
	}
	q = q.when("revs", options.Revs).when("revs_info", options.RevsInfo).when("conflicts", options.Conflicts).
		when("deleted_conflicts", options.DeletedConflicts).when("local_seq", options.LocalSeq)
	q = q.attachments(options.Attachments, options.AttsSince)
	text, err := db.ask(ctx, call{method: "GET", path: path, query: q, docID: docID})
	if err != nil {
		return nil, err
	}
	doc, err := core.ParseDocument(text)
	if err != nil || doc.ID != docID {
		return nil, core.ErrNotCouchDB.Because("the answer to a read is not the document").Of(docID)
	}
	return doc, nil
}

// maxQuery keeps URLs below what servers and proxies take: 8 KB, often less.
const maxQuery = 4000

// AllDocs lists documents, row by row as they arrive.
func (db *DB) AllDocs(ctx context.Context, options core.AllDocsOptions, each func(*core.AllDocsRow) error) (core.AllDocsSummary, error) {
	c := call{method: "GET", path: "/_all_docs"}
	if options.Keys != nil {
		c.method = "POST"
		c.body = append(rawjson.AppendQuoted([]byte(`{"keys":`), options.Keys), '}')
	} else {
		if options.StartKey != nil {
			c.query = c.query.with("startkey", quote(*options.StartKey))
		}
		if options.EndKey != nil {
			c.query = c.query.with("endkey", quote(*options.EndKey))
			if options.ExclusiveEnd {
				c.query = c.query.with("inclusive_end", "false")
			}
		}
	}
	c.query = withLimit(c.query.when("descending", options.Descending), options.Limit)
	if options.Skip > 0 {
		c.query = c.query.with("skip", itoa(options.Skip))
	}
	c.query = c.query.when("include_docs", options.IncludeDocs).when("conflicts", options.IncludeDocs && options.Conflicts).
		when("attachments", options.IncludeDocs && options.Attachments).
		when("update_seq", options.UpdateSeq)
	rest, err := db.stream(ctx, c, "rows", func(text []byte) error {
		row, err := wire.ParseAllDocsRow(text)
		if err != nil {
			return err
		}
		return each(row)
	})
	if err != nil {
		return core.AllDocsSummary{}, err
	}
	summary, err := wire.ParseAllDocs(rest, nil)
	if options.Keys != nil {
		summary.Offset = -1 // PouchDB's servers count from 0 even so
	}
	return summary, err
}

func quote(text string) string { return string(rawjson.AppendString(nil, text)) }

func withLimit(q query, limit int) query {
	switch {
	case limit > 0:
		return q.with("limit", itoa(limit))
	case limit == core.NoRows:
		return q.with("limit", "0")
	}
	return q
}

// attachments asks for contents. Of the revisions that are known, the newest are named, as many as a URL takes: naming fewer costs bytes only.
func (q query) attachments(wanted bool, since []core.Rev) query {
	if !wanted {
		return q
	}
	q = q.with("attachments", "true")
	n := 0
	for size := 0; n < len(since) && size < maxQuery/2; n++ {
		size += len(since[n].String()) + len("%22%22%2C")
	}
	if n > 0 {
		q = q.with("atts_since", string(core.AppendRevs(nil, since[:n])))
	}
	return q
}
