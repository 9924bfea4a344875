package fetchhttp

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/wire"
	"github.com/gouchdb/gouchdb/internal/multipart"
	"github.com/gouchdb/gouchdb/internal/order"
)

// OpenRevs reads several revisions of a document, in as many requests as their URLs take.
func (db *DB) OpenRevs(ctx context.Context, docID string, options core.OpenRevsOptions) ([]core.OpenRev, error) {
	if hasNoURL(docID) {
		return db.openRevsByBody(ctx, docID, options)
	}
	path, err := docPath(docID)
	if err != nil {
		return nil, err
	}
	var flags query
	flags = flags.when("revs", options.WithRevisions).when("latest", options.Latest)
	read := db.openRevs
	if options.Attachments {
		read = func(ctx context.Context, docID, path string, q query) ([]core.OpenRev, error) {
			return db.openRevsInParts(ctx, docID, path, q, options.AttsSince)
		}
	}
	if options.All {
		return read(ctx, docID, path, flags.with("open_revs", "all"))
	}
	found := []core.OpenRev{}
	longest := maxQuery
	for revs := options.Revs; len(revs) > 0; {
		n := min(len(revs), 1)
		for size := 0; n < len(revs) && size < longest; n++ {
			size += len(revs[n].String()) + len("%22%22%2C")
		}
		rows, err := read(ctx, docID, path, flags.with("open_revs", string(core.AppendRevs(nil, revs[:n]))))
		if isTooLongURL(err) && n > 1 {
			longest /= 4 // somebody on the way takes less
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, rows...)
		revs = revs[n:]
	}
	return sortOpenRevs(found), nil
}

func (db *DB) openRevs(ctx context.Context, docID, path string, q query) ([]core.OpenRev, error) {
	text, err := db.ask(ctx, call{method: "GET", path: path, query: q, docID: docID})
	if err != nil {
		return nil, err
	}
	return wire.ParseOpenRevs(text)
}

func isTooLongURL(err error) bool {
	failure, is := errors.AsType[*core.Error](err)
	return is && failure.Status == 414
}

// sortOpenRevs puts the found ones first, each ascending, and drops what several requests have found.
func sortOpenRevs(revs []core.OpenRev) []core.OpenRev {
	compare := func(a, b core.OpenRev) int {
		if (a.Doc == nil) != (b.Doc == nil) {
			return cmp.Compare(btoi(a.Doc == nil), btoi(b.Doc == nil))
		}
		return a.Rev.Compare(b.Rev)
	}
	order.Func(revs, compare)
	return slices.CompactFunc(revs, func(a, b core.OpenRev) bool { return compare(a, b) == 0 })
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

var (
	// errEncoding: a content comes in an encoding that cannot be undone here.
	errEncoding = errors.New("unknown content encoding")
	// errTooLong: there is more than is to be held.
	errTooLong = errors.New("long contents")
)

// openRevsInParts asks for contents as they are, beside the documents. A server that answers with JSON nevertheless is understood, too.
func (db *DB) openRevsInParts(ctx context.Context, docID, path string, q query, since []core.Rev) ([]core.OpenRev, error) {
	withContents := q.attachments(true, since)
	answer, err := db.open(ctx, call{method: "GET", path: path, query: withContents, docID: docID, accept: "multipart/mixed, application/json"})
	if isTooLongURL(err) && len(since) > 0 {
		return db.openRevsInParts(ctx, docID, path, q, since[:len(since)/4])
	}
	if err != nil {
		return nil, err
	}
	defer answer.close()
	contentType := answer.header("content-type")
	if multipart.MediaType(contentType) != "multipart/mixed" {
		text, err := db.readJSON(answer.url, answer)
		if err != nil {
			return nil, err
		}
		return wire.ParseOpenRevs(text)
	}
	reader := &partsReader{db: db, ctx: ctx, url: answer.url, docID: docID, held: heldContent}
	revs, err := reader.mixed(multipart.NewReader(answer, multipart.Parameter(contentType, "boundary")))
	switch {
	case errors.Is(err, errEncoding):
		return db.openRevs(ctx, docID, path, withContents)
	case errors.Is(err, errTooLong):
		answer.close() // before asking for more: of connections there are few
		return db.openRevsLate(ctx, docID, path, q, since)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, core.ErrUnreachable.From(err)
	case errors.Is(err, multipart.ErrMalformed):
		return nil, core.ErrNotCouchDB.Because("the answer for " + pathOf(answer.url) + " has malformed parts")
	}
	return revs, err
}

// openRevsLate reads documents with contents that are requested when they are read.
func (db *DB) openRevsLate(ctx context.Context, docID, path string, q query, since []core.Rev) ([]core.OpenRev, error) {
	revs, err := db.openRevs(ctx, docID, path, q)
	for _, rev := range revs {
		if rev.Doc != nil {
			rev.Doc.FillStubs(since, func(name string) core.Content { return &remoteContent{db, docID, name, rev.Rev} })
		}
	}
	return revs, err
}

// partsReader reads documents and the contents that follow them.
type partsReader struct {
	db    *DB
	ctx   context.Context
	url   string
	docID string
	held  int64 // how many more bytes of contents may be held
}

func (r *partsReader) mixed(parts *multipart.Reader) ([]core.OpenRev, error) {
	revs := []core.OpenRev{}
	for {
		part, err := parts.Next()
		if err == io.EOF {
			return revs, nil
		}
		if err != nil {
			return nil, err
		}
		contentType := part.Header("content-type")
		var rev core.OpenRev
		switch {
		case multipart.MediaType(contentType) == "multipart/related":
			rev, err = r.related(multipart.NewReader(part, multipart.Parameter(contentType, "boundary")))
		case multipart.Parameter(contentType, "error") != "":
			var text []byte
			if text, err = r.db.readJSON(r.url, part); err == nil {
				rev.Rev, err = wire.ParseMissingRev(text)
			}
		default:
			rev, err = r.document(part)
		}
		if err != nil {
			return nil, err
		}
		revs = append(revs, rev)
	}
}

func (r *partsReader) document(part *multipart.Part) (core.OpenRev, error) {
	text, err := r.db.readJSON(r.url, part)
	if err != nil {
		return core.OpenRev{}, err
	}
	doc, err := core.ParseDocument(text)
	if err != nil || doc.ID != r.docID {
		return core.OpenRev{}, core.ErrNotCouchDB.Because("the answer to a read is not the document").Of(r.docID)
	}
	return core.OpenRev{Rev: doc.Rev, Doc: doc}, nil
}

// related reads a document and what follows it.
func (r *partsReader) related(parts *multipart.Reader) (core.OpenRev, error) {
	first, err := parts.Next()
	if err != nil {
		return core.OpenRev{}, unexpected(err)
	}
	rev, err := r.document(first)
	if err != nil {
		return rev, err
	}
	for {
		next := nextFollowing(rev.Doc, "")
		if next == nil {
			return rev, nil
		}
		if r.held < next.Length {
			return rev, errTooLong
		}
		part, err := parts.Next()
		if err != nil {
			return rev, unexpected(err)
		}
		if err := r.content(part, nextFollowing(rev.Doc, fileName(part.Header("content-disposition")))); err != nil {
			return rev, err
		}
	}
}

func fileName(disposition string) string { return multipart.Parameter(disposition, "filename") }

// nextFollowing returns the attachment of a name whose content is to come, or else the first of them.
func nextFollowing(doc *core.Document, name string) *core.Attachment {
	var first *core.Attachment
	for i := range doc.Attachments {
		a := &doc.Attachments[i]
		if a.Follows && a.Name == name {
			return a
		}
		if a.Follows && first == nil {
			first = a
		}
	}
	return first
}

// content reads one content, which has to have the length that the document tells.
func (r *partsReader) content(part *multipart.Part, a *core.Attachment) error {
	var source io.Reader = part
	switch strings.ToLower(part.Header("content-encoding")) {
	case "", "identity":
	case "gzip":
		// CouchDB keeps texts compressed, and sends them as it keeps them.
		unzipped, err := gunzip(r.ctx, io.LimitReader(part, heldContent*2))
		if err != nil {
			return err
		}
		defer unzipped.Close()
		source = unzipped
	default:
		return errEncoding
	}
	data, err := io.ReadAll(io.LimitReader(source, a.Length+1))
	if err != nil {
		return err
	}
	if int64(len(data)) != a.Length {
		return core.ErrNotCouchDB.Because("attachment " + a.Name + " does not have the length that its document tells").Of(r.docID)
	}
	r.held -= a.Length
	a.Follows, a.Data = false, data
	return nil
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
