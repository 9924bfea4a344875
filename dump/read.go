package dump

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/replication"
)

// What is written at once: revisions, and bytes of them. An attachment up to heldContent is read before its document is written.
const (
	batchRevisions = 500
	batchBytes     = 4 << 20
	heldContent    = 1 << 20
)

// Read makes a database of a dump. Into one that has documents already it copies them as a replication would, and leaves its local documents.
// When it fails, what was read so far is there, and nothing says that it is all.
//
// Errors: ErrDamaged, and what refuses a document.
func Read(ctx context.Context, from io.Reader, db core.Adapter) (Summary, error) {
	r := reader{lines: newLines(from), db: db}
	if err := r.begin(ctx); err != nil {
		return r.summary, err
	}
	for !r.ended {
		if err := r.line(ctx); err != nil {
			return r.summary, err
		}
	}
	return r.summary, r.settle(ctx)
}

type reader struct {
	lines *lines
	db    core.Adapter
	local localDB // nil when db is remote
	fresh bool    // it is local, and was empty

	origin, session string
	lineage         replication.Lineage // of the database that was dumped
	marks           []uint64            // sequences that its checkpoints speak of, ascending

	batch   []*core.Document
	bytes   int
	summary Summary
	last    string // the document that came last
	ended   bool
}

func (r *reader) begin(ctx context.Context) error {
	line, err := r.lines.next()
	if errors.Is(err, io.EOF) {
		return ErrDamaged.Because("there is nothing in it")
	}
	if err != nil && !errors.Is(err, ErrDamaged) {
		return err
	}
	format, ok := rawjson.Int(rawjson.Member(line, "gouchdb_dump"))
	if err != nil || !ok {
		return ErrDamaged.Because("it does not begin as a dump does")
	}
	if format != version {
		return ErrDamaged.Because("its format " + strconv.FormatInt(format, 10) + " is not known here, only " + strconv.Itoa(version))
	}
	r.origin, _ = rawjson.Text(rawjson.Member(line, "id"))
	r.session, _ = rawjson.Text(rawjson.Member(line, "session_id"))
	info, err := r.db.Info(ctx)
	if err != nil {
		return fmt.Errorf("asking the database how it stands: %w", err)
	}
	r.local, _ = r.db.(localDB)
	r.fresh = r.local != nil && info.DocCount+info.DocDelCount == 0
	return nil
}

func (r *reader) line(ctx context.Context) error {
	line, err := r.lines.next()
	if errors.Is(err, io.EOF) {
		return ErrDamaged.Because("it ends early, after line " + strconv.Itoa(r.lines.number))
	}
	if err != nil {
		return err
	}
	if local := rawjson.Member(line, "local"); local != nil {
		return r.localDoc(ctx, local)
	}
	if doc := rawjson.Member(line, "doc"); doc != nil {
		seq, _ := rawjson.Int(rawjson.Member(line, "seq"))
		return r.revision(ctx, uint64(max(seq, 0)), doc)
	}
	if end := rawjson.Member(line, "end"); end != nil {
		return r.end(ctx, end)
	}
	return r.lines.damaged("is of no kind that is known here")
}

func (r *reader) localDoc(ctx context.Context, text []byte) error {
	doc, err := core.ParseDocument(text)
	if err != nil || !core.IsLocalID(doc.ID) {
		return r.lines.damaged("is not a local document: %v", err)
	}
	r.summary.LocalDocs++
	if doc.ID == replication.LineageID {
		r.lineage = replication.ParseLineage(doc.Body)
	}
	r.mark(doc.Body)
	if r.local == nil || doc.ID == replication.LineageID {
		return nil
	}
	if !r.fresh {
		if _, err := r.db.Get(ctx, doc.ID, core.GetOptions{}); !errors.Is(err, core.ErrMissing) {
			return err
		}
	}
	doc.Rev = core.Rev{}
	if _, err := core.Put(ctx, r.db, doc); err != nil {
		return fmt.Errorf("writing local document %q: %w", doc.ID, err)
	}
	return nil
}

// mark notes the sequences that a checkpoint speaks of. Those of other databases do no harm.
func (r *reader) mark(body []byte) {
	add := func(value []byte) {
		if seq, ok := rawjson.Int(value); ok && seq > 0 {
			r.marks = append(r.marks, uint64(seq))
		}
	}
	add(rawjson.Member(body, "source_last_seq"))
	add(rawjson.Member(body, "last_seq"))
	for session := range rawjson.Elements(rawjson.Member(body, "history")) {
		add(rawjson.Member(session, "recorded_seq"))
		add(rawjson.Member(session, "last_seq"))
	}
}

func (r *reader) revision(ctx context.Context, seq uint64, text []byte) error {
	doc, err := core.ParseDocument(text)
	if err != nil {
		return r.lines.damaged("has a document that cannot be: %v", err)
	}
	if err := r.passed(ctx, seq); err != nil {
		return err
	}
	r.summary.Revisions++
	if doc.ID != r.last {
		r.summary.Documents++
		r.last = doc.ID
	}
	r.summary.Attachments += len(doc.Attachments)
	large := false
	for i := range doc.Attachments {
		a := &doc.Attachments[i]
		if !a.Follows || a.Length < 0 {
			return r.lines.damaged("has an attachment that does not follow")
		}
		large = large || a.Length > heldContent
	}
	if large {
		return r.stream(ctx, doc)
	}
	for i := range doc.Attachments {
		a := &doc.Attachments[i]
		a.Follows = false
		if a.Data, err = io.ReadAll(r.lines.content(a.Length)); err != nil {
			return err
		}
		r.bytes += len(a.Data)
	}
	r.batch = append(r.batch, doc)
	r.bytes += len(doc.Body)
	if len(r.batch) >= batchRevisions || r.bytes >= batchBytes {
		return r.flush(ctx)
	}
	return nil
}

// once is content that is read from the dump when it is written: in the order of the attachments, and only once.
type once struct{ pieces *pieces }

func (o *once) Open(_ context.Context, offset int64) (io.ReadCloser, error) {
	if o.pieces == nil || offset != 0 {
		return nil, errors.New("an attachment in a dump can be read once")
	}
	pieces := o.pieces
	o.pieces = nil
	return pieces, nil
}

// stream writes a document whose attachments are too large to be held.
func (r *reader) stream(ctx context.Context, doc *core.Document) error {
	if err := r.flush(ctx); err != nil {
		return err
	}
	for i := range doc.Attachments {
		a := &doc.Attachments[i]
		a.Follows, a.Content = false, &once{r.lines.content(a.Length)}
	}
	r.batch = append(r.batch, doc)
	return r.flush(ctx)
}

// passed sees to it that what came after a sequence which a checkpoint speaks of gets a greater one here too. The copies never have greater ones than the originals,
// since each revision takes one.
func (r *reader) passed(ctx context.Context, seq uint64) error {
	if !r.fresh {
		return nil
	}
	if r.last == "" {
		slices.Sort(r.marks)
	}
	mark := uint64(0)
	for len(r.marks) > 0 && r.marks[0] < seq {
		mark, r.marks = r.marks[0], r.marks[1:]
	}
	if mark == 0 {
		return nil
	}
	if err := r.flush(ctx); err != nil {
		return err
	}
	return r.local.Succeed(ctx, "", mark)
}

func (r *reader) flush(ctx context.Context) error {
	batch := r.batch
	r.batch, r.bytes = nil, 0
	if len(batch) == 0 {
		return nil
	}
	results, err := r.db.BulkDocs(ctx, batch, core.BulkDocsOptions{Replicated: true})
	if err != nil {
		return fmt.Errorf("writing documents: %w", err)
	}
	for _, result := range results {
		if result.Err != nil {
			return fmt.Errorf("writing document %q: %w", result.ID, result.Err)
		}
	}
	return nil
}

func (r *reader) end(ctx context.Context, text []byte) error {
	if err := r.flush(ctx); err != nil {
		return err
	}
	r.ended = true
	for _, part := range []struct {
		name string
		read int
	}{{"revisions", r.summary.Revisions}, {"attachments", r.summary.Attachments}, {"local_docs", r.summary.LocalDocs}} {
		if told, ok := rawjson.Int(rawjson.Member(text, part.name)); !ok || told != int64(part.read) {
			return r.lines.damaged("tells of %d %s, and there were %d", told, part.name, part.read)
		}
	}
	if _, err := r.lines.next(); !errors.Is(err, io.EOF) {
		return errors.Join(r.lines.damaged("comes after the end"), err)
	}
	return nil
}

// settle notes in the database what it is a copy of, once all of it is there for good.
func (r *reader) settle(ctx context.Context) error {
	if err := r.db.Flush(ctx); err != nil {
		return err
	}
	if r.session == "" {
		return nil
	}
	if r.fresh && len(r.marks) > 0 {
		// What is written from now on comes after everything that checkpoints speak of.
		if err := r.local.Succeed(ctx, "", slices.Max(r.marks)); err != nil {
			return err
		}
	}
	info, err := r.db.Info(ctx)
	if err != nil {
		return err
	}
	err = note(ctx, r.db, func(was replication.Lineage) replication.Lineage {
		dump := replication.DumpNote{Session: r.session}
		if !r.fresh {
			return was.With(dump) // it has what the dump has, and more
		}
		dump.Seq = info.UpdateSeq
		return replication.Lineage{Origins: append([]string{r.origin}, r.lineage.Origins...), Dumps: r.lineage.Dumps}.With(dump)
	})
	if r.local == nil && (errors.Is(err, core.ErrForbidden) || errors.Is(err, core.ErrUnauthorized)) {
		return nil // one who may write documents, and nothing else
	}
	return err
}
