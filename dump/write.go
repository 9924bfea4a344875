package dump

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strconv"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/replication"
)

const (
	batchRows  = 200
	pieceBytes = 768 << 10 // of an attachment, in a line
)

// Write dumps a database. In the database it leaves a note of the dump, unless that may only be read.
func Write(ctx context.Context, db core.Adapter, to io.Writer) (Summary, error) {
	w := writer{db: db, out: bufio.NewWriterSize(to, 64<<10)}
	for _, step := range []func(context.Context) error{w.begin, w.localDocs, w.documents, w.end} {
		if err := step(ctx); err != nil {
			return w.summary, err
		}
	}
	return w.summary, nil
}

type writer struct {
	db      core.Adapter
	out     *bufio.Writer
	line    []byte
	summary Summary
}

// put writes the line that was made.
func (w *writer) put() error {
	_, err := w.out.Write(append(w.line, '\n'))
	w.line = w.line[:0]
	if err != nil {
		return fmt.Errorf("writing the dump: %w", err)
	}
	return nil
}

func (w *writer) begin(ctx context.Context) error {
	identity, err := w.db.Identity(ctx)
	if err != nil {
		return fmt.Errorf("asking the database for its identity: %w", err)
	}
	info, err := w.db.Info(ctx)
	if err != nil {
		return fmt.Errorf("asking the database how it stands: %w", err)
	}
	session := rand.Text()
	if err := note(ctx, w.db, func(lineage replication.Lineage) replication.Lineage {
		return lineage.With(replication.DumpNote{Session: session, Seq: info.UpdateSeq})
	}); err != nil && !errors.Is(err, core.ErrForbidden) && !errors.Is(err, core.ErrUnauthorized) {
		return err
	}
	w.line = append(w.line, `{"gouchdb_dump":`+strconv.Itoa(version)+`,"db_name":`...)
	w.line = rawjson.AppendString(w.line, path.Base(filepath.ToSlash(info.Name))) // of a file, not where it is
	w.line = rawjson.AppendString(append(w.line, `,"id":`...), identity)
	w.line = rawjson.AppendString(append(w.line, `,"session_id":`...), session)
	w.line = append(core.AppendSeq(append(w.line, `,"update_seq":`...), info.UpdateSeq), '}')
	return w.put()
}

// note changes what a database knows of dumps.
func note(ctx context.Context, db core.Adapter, change func(replication.Lineage) replication.Lineage) error {
	for attempt := 0; ; attempt++ {
		var lineage replication.Lineage
		var rev core.Rev
		doc, err := db.Get(ctx, replication.LineageID, core.GetOptions{})
		switch {
		case err == nil:
			lineage, rev = replication.ParseLineage(doc.Body), doc.Rev
		case !errors.Is(err, core.ErrMissing):
			return fmt.Errorf("reading what the database knows of dumps: %w", err)
		}
		_, err = core.Put(ctx, db, &core.Document{ID: replication.LineageID, Rev: rev, Body: change(lineage).AppendJSON(nil)})
		if err == nil || attempt == 5 || !errors.Is(err, core.ErrConflict) {
			return err
		}
	}
}

// localDocs writes the local documents of a local database. Those of a server are the affair of all its clients.
func (w *writer) localDocs(ctx context.Context) error {
	local, ok := w.db.(localDB)
	if !ok {
		return nil
	}
	return local.EachLocal(ctx, func(doc *core.Document) error {
		w.summary.LocalDocs++
		w.line = append(doc.AppendJSON(append(w.line, `{"local":`...)), '}')
		return w.put()
	})
}

// documents follows the feed to its end.
func (w *writer) documents(ctx context.Context) error {
	for since := core.Seq(""); ; {
		var seqs []core.Seq
		var requests []core.DocRev
		documents := 0
		summary, err := w.db.Changes(ctx, core.ChangesOptions{Since: since, Limit: batchRows, AllLeaves: true}, func(change *core.Change) error {
			documents++
			for _, rev := range change.Revs {
				seqs = append(seqs, change.Seq)
				requests = append(requests, core.DocRev{ID: change.ID, Rev: rev})
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("reading the changes: %w", err)
		}
		if documents == 0 {
			return nil
		}
		w.summary.Documents += documents
		results, err := w.db.BulkGet(ctx, requests, core.BulkGetOptions{Revs: true})
		if err != nil {
			return fmt.Errorf("reading documents: %w", err)
		}
		for i := range results {
			for _, found := range results[i].Docs {
				if err := w.revision(ctx, seqs[i], found); err != nil {
					return err
				}
			}
		}
		since = summary.LastSeq
	}
}

func (w *writer) revision(ctx context.Context, seq core.Seq, found core.BulkGetDoc) error {
	switch {
	case found.Err != nil && errors.Is(found.Err, core.ErrMissing):
		return nil // replaced since, and compacted away: what has replaced it comes later
	case found.Err != nil:
		return found.Err
	}
	doc := *found.Doc
	doc.Attachments = nil
	for _, a := range found.Doc.Attachments {
		a.Stub, a.Follows = false, true
		doc.Attachments = append(doc.Attachments, a)
	}
	w.summary.Revisions++
	w.line = append(w.line, `{"seq":`...)
	w.line = append(core.AppendSeq(w.line, seq), `,"doc":`...)
	w.line = append(doc.AppendJSON(w.line), '}')
	if err := w.put(); err != nil {
		return err
	}
	for i := range doc.Attachments {
		if err := w.attachment(ctx, &doc, &doc.Attachments[i]); err != nil {
			return fmt.Errorf("reading attachment %q of document %q: %w", doc.Attachments[i].Name, doc.ID, err)
		}
	}
	return nil
}

func (w *writer) attachment(ctx context.Context, doc *core.Document, a *core.Attachment) error {
	w.summary.Attachments++
	if a.Length == 0 {
		return nil
	}
	found, err := w.db.GetAttachment(ctx, doc.ID, a.Name, doc.Rev)
	if err != nil {
		return err
	}
	content, err := found.Open(ctx, 0)
	if err != nil {
		return err
	}
	defer content.Close()
	piece := make([]byte, min(pieceBytes, a.Length))
	for left := a.Length; left > 0; {
		n, err := io.ReadFull(content, piece[:min(int64(len(piece)), left)])
		if err != nil {
			return err
		}
		left -= int64(n)
		w.line = base64.StdEncoding.AppendEncode(append(w.line, `{"data":"`...), piece[:n])
		w.line = append(w.line, `"}`...)
		if err := w.put(); err != nil {
			return err
		}
	}
	return nil
}

func (w *writer) end(context.Context) error {
	w.line = append(appendSummary(append(w.line, `{"end":`...), w.summary), '}')
	if err := w.put(); err != nil {
		return err
	}
	return w.out.Flush()
}

func appendSummary(dst []byte, s Summary) []byte {
	dst = append(dst, `{"docs":`...)
	dst = strconv.AppendInt(dst, int64(s.Documents), 10)
	dst = append(dst, `,"revisions":`...)
	dst = strconv.AppendInt(dst, int64(s.Revisions), 10)
	dst = append(dst, `,"attachments":`...)
	dst = strconv.AppendInt(dst, int64(s.Attachments), 10)
	dst = append(dst, `,"local_docs":`...)
	return append(strconv.AppendInt(dst, int64(s.LocalDocs), 10), '}')
}
