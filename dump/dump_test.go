package dump_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/adapters/file"
	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/replication"
	"github.com/gouchdb/gouchdb/dump"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

func open(t *testing.T) *docstore.DB {
	t.Helper()
	db, err := memory.OpenWith(context.Background(), docstore.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// write stores documents: as they come when they have a revision, else as new edits.
func write(t *testing.T, db core.Adapter, texts ...string) {
	t.Helper()
	for _, text := range texts {
		doc, err := core.ParseDocument([]byte(text))
		require.NoError(t, err, text)
		results, err := db.BulkDocs(t.Context(), []*core.Document{doc}, core.BulkDocsOptions{Replicated: !doc.Rev.IsZero()})
		require.NoError(t, err, text)
		require.Nil(t, results[0].Err, text)
	}
}

func dumped(t *testing.T, db core.Adapter) string {
	t.Helper()
	var text bytes.Buffer
	_, err := dump.Write(t.Context(), db, &text)
	require.NoError(t, err)
	return text.String()
}

func loaded(t *testing.T, text string) *docstore.DB {
	t.Helper()
	db := open(t)
	_, err := dump.Read(t.Context(), strings.NewReader(text), db)
	require.NoError(t, err)
	return db
}

// contents lists everything that a database holds and another may have: all leaves with their ancestry and attachments, and local documents.
func contents(t *testing.T, db *docstore.DB) []string {
	t.Helper()
	var list []string
	_, err := db.Changes(t.Context(), core.ChangesOptions{AllLeaves: true}, func(change *core.Change) error {
		revs, err := db.OpenRevs(t.Context(), change.ID, core.OpenRevsOptions{All: true, WithRevisions: true, Attachments: true})
		require.NoError(t, err)
		for _, rev := range revs {
			require.NoError(t, rev.Doc.Load(t.Context()))
			list = append(list, string(rev.Doc.AppendJSON(nil)))
		}
		return nil
	})
	require.NoError(t, err)
	_, err = db.LocalDocs(t.Context(), core.AllDocsOptions{IncludeDocs: true}, func(row *core.AllDocsRow) error {
		if row.Key != replication.LineageID {
			list = append(list, row.Key+string(row.Doc.Body))
		}
		return nil
	})
	require.NoError(t, err)
	slices.Sort(list) // within a batch, sequences go by the ids
	return list
}

// An attachment of three megabytes goes through in pieces, between small ones.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	source := open(t)
	write(t, source,
		`{"_id":"a","n":1.50,"text":"ä\u2028😀"}`,
		`{"_id":"torn","_rev":"3-c","_revisions":{"start":3,"ids":["c","b","a"]},"n":1}`,
		`{"_id":"torn","_rev":"2-d","_revisions":{"start":2,"ids":["d","a"]},"n":2}`,
		`{"_id":"torn","_rev":"2-e","_deleted":true,"_revisions":{"start":2,"ids":["e","a"]},"why":"gone"}`,
		`{"_id":"gone","_rev":"1-a","_deleted":true}`,
		`{"_id":"small","_attachments":{"2":{"data":"aGVsbG8=","content_type":"text/plain"},"1":{"data":"","content_type":"text/plain"}}}`,
		`{"_id":"compressed","_rev":"1-f","_attachments":{"a":{"data":"aGVsbG8=","digest":"md5-AAAAAAAAAAAAAAAAAAAAAA==","revpos":1}}}`,
		`{"_id":"_design/d","views":{"v":{"map":"function (doc) {}"}}}`,
		`{"_id":"_local/mine","n":1}`,
	)
	content := make([]byte, 3<<20)
	random := rand.NewChaCha8([32]byte{1})
	_, _ = random.Read(content)
	rev, err := source.PutAttachment(t.Context(), "large", core.Rev{}, core.Attachment{Name: "x", ContentType: "image/png", Data: content})
	require.NoError(t, err)
	_, err = source.PutAttachment(t.Context(), "large", rev, core.Attachment{Name: "y", ContentType: "image/png", Data: content[:10]})
	require.NoError(t, err)

	text := dumped(t, source)
	target := open(t)
	summary, err := dump.Read(t.Context(), strings.NewReader(text), target)
	require.NoError(t, err)
	assert.Equal(t, dump.Summary{Documents: 7, Revisions: 9, Attachments: 5, LocalDocs: 2}, summary)
	assert.Equal(t, contents(t, source), contents(t, target))
	report, err := target.Check(t.Context())
	require.NoError(t, err)
	assert.Empty(t, report.Problems)
	first, err := source.Identity(t.Context())
	require.NoError(t, err)
	second, err := target.Identity(t.Context())
	require.NoError(t, err)
	assert.NotEqual(t, first, second)

	// Again, into what is there, and from there into a file.
	_, err = dump.Read(t.Context(), strings.NewReader(text), target)
	require.NoError(t, err)
	assert.Equal(t, contents(t, source), contents(t, target))
	onDisk, err := file.Open(t.Context(), t.TempDir()+"/copy.gouch", file.Options{})
	require.NoError(t, err)
	_, err = dump.Read(t.Context(), strings.NewReader(dumped(t, target)), onDisk)
	require.NoError(t, err)
	assert.Equal(t, contents(t, source), contents(t, onDisk))
	require.NoError(t, onDisk.Close())
}

// Random trees and bodies come out as they went in.
func TestRoundTripRandom(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	random := rand.New(rand.NewPCG(seed, 0))
	source := open(t)
	for range 300 {
		generation := 1 + random.IntN(4)
		hashes := make([]string, generation)
		for i := range hashes {
			hashes[i] = fmt.Sprintf(`"%x"`, random.IntN(5)+10*(generation-i))
		}
		write(t, source, fmt.Sprintf(`{"_id":"doc-%d","_rev":"%d-%s","_revisions":{"start":%d,"ids":[%s]},"_deleted":%t,"n":%d}`, random.IntN(60), generation,
			strings.Trim(hashes[0], `"`), generation, strings.Join(hashes, ","), random.IntN(3) == 0, random.IntN(100)))
	}
	target := loaded(t, dumped(t, source))
	want, got := contents(t, source), contents(t, target)
	assert.Equal(t, want, got)
}

func TestDamaged(t *testing.T) {
	t.Parallel()
	source := open(t)
	write(t, source, `{"_id":"_local/a"}`, `{"_id":"b","_attachments":{"x":{"data":"aGVsbG8="}}}`, `{"_id":"c"}`)
	lines := strings.SplitAfter(strings.TrimSpace(dumped(t, source)), "\n")
	require.Len(t, lines, 7) // head, two local documents, b, its attachment, c, end
	without := func(n int) string { return strings.Join(append(append([]string{}, lines[:n]...), lines[n+1:]...), "") }
	with := func(n int, line string) string {
		return strings.Join(append(append(append([]string{}, lines[:n]...), line+"\n"), lines[n+1:]...), "")
	}
	for name, c := range map[string]struct{ text, want string }{
		"empty":                   {"", "nothing in it"},
		"something else":          {`{"a":1}`, "does not begin"},
		"no JSON at all":          {"\x1f\x8b\x00", "does not begin"},
		"a later format":          {strings.Replace(lines[0], "dump\":1", "dump\":2", 1), "format 2"},
		"cut between lines":       {strings.Join(lines[:5], ""), "ends early, after line 5"},
		"cut in a line":           {strings.Join(lines[:3], "") + lines[3][:20], "line 4 is not JSON"},
		"cut in an attachment":    {strings.Join(lines[:4], ""), "ends within an attachment"},
		"no attachment":           {without(4), "line 5 should go on with an attachment, of which 5 bytes"},
		"a longer attachment":     {with(4, `{"data":"aGVsbG8gdGhlcmU="}`), "line 5 has another length"},
		"an attachment of nought": {with(4, `{"data":""}`), "line 5 has another length"},
		"no base64":               {with(4, `{"data":"a!"}`), "line 5 is not base64"},
		"a document lost":         {without(5), "line 6 tells of 2 revisions, and there were 1"},
		"a local document lost":   {without(1), "local_docs"},
		"no object":               {with(5, `5`), "line 6 is not an object"},
		"of no kind":              {with(5, `{"docs":[]}`), "line 6 is of no kind"},
		"a bad document":          {with(5, `{"doc":{"_id":"c","_rev":"x"}}`), "line 6 has a document that cannot be"},
		"a stub":                  {with(5, `{"doc":{"_id":"c","_rev":"1-a","_attachments":{"x":{"stub":true}}}}`), "line 6 has an attachment that does not follow"},
		"not a local document":    {with(1, `{"local":{"_id":"c"}}`), "line 2 is not a local document"},
		"more after the end":      {strings.Join(lines, "") + "\n" + lines[5], "line 8 comes after the end"},
		"a line without end":      {lines[0] + `{"doc":"` + strings.Repeat("x", 65<<20), "is longer than"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			_, err := dump.Read(t.Context(), strings.NewReader(c.text), db)
			require.ErrorIs(t, err, dump.ErrDamaged)
			require.ErrorContains(t, err, c.want)
			_, err = db.Get(t.Context(), replication.LineageID, core.GetOptions{})
			require.ErrorIs(t, err, core.ErrMissing, "nothing says that all is there")
		})
	}
}

// Failures of the reader and of the writer are told as they are.
func TestFailingStreams(t *testing.T) {
	t.Parallel()
	source := open(t)
	write(t, source, `{"_id":"a"}`)
	_, err := dump.Read(t.Context(), io.MultiReader(strings.NewReader(dumped(t, source)[:30]), failing{}), open(t))
	require.ErrorIs(t, err, io.ErrClosedPipe)
	_, err = dump.Write(t.Context(), source, failing{})
	require.ErrorIs(t, err, io.ErrClosedPipe)
}

type failing struct{}

func (failing) Read([]byte) (int, error)  { return 0, io.ErrClosedPipe }
func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
