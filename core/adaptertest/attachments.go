package adaptertest

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

var attachmentCases = []testCase{
	{"inline, stub and content", []Capability{InnerBodies}, func(f *fixture) {
		rev1 := f.write(`{"_id":"a","v":1,"_attachments":{"x":{"content_type":"image/png","data":"aGVsbG8="},"y":{"data":""}}}`)
		doc := f.get("a", core.GetOptions{})
		require.Equal(f, []core.Attachment{
			{Name: "x", ContentType: "image/png", Digest: "md5-XUFAKrxLKna5cZ2REBfFkg==", Length: 5, RevPos: 1, Stub: true},
			{Name: "y", ContentType: "application/octet-stream", Digest: "md5-1B2M2Y8AsgTpgAmY7PhCfg==", Length: 0, RevPos: 1, Stub: true},
		}, doc.Attachments)
		f.requireContent("hello", f.get("a", core.GetOptions{Attachments: true}).Attachment("x"))
		stub := *doc.Attachment("x")
		rev2, err := core.Put(f.ctx, f.db, &core.Document{ID: "a", Rev: rev1, Body: []byte(`{"v":2}`), Attachments: []core.Attachment{
			stub, {Name: "z", ContentType: "image/gif", Data: []byte("hi")}}})
		require.NoError(f, err)
		doc = f.get("a", core.GetOptions{Attachments: true, AttsSince: []core.Rev{rev1}})
		require.Len(f, doc.Attachments, 2)
		require.True(f, doc.Attachment("x").Stub || !f.has(AttachmentHistory), "known since the first revision")
		f.requireContent("hi", doc.Attachment("z"))
		require.Equal(f, uint64(1), doc.Attachment("x").RevPos)
		require.Equal(f, uint64(2), doc.Attachment("z").RevPos)
		doc = f.get("a", core.GetOptions{Attachments: true, AttsSince: []core.Rev{{Generation: 9, Hash: "other"}}})
		f.requireContent("hello", doc.Attachment("x"))
		doc = f.get("a", core.GetOptions{Rev: rev1, Attachments: true})
		require.NotNil(f, doc.Attachment("y"), "each revision has its own")
		found, err := f.db.OpenRevs(f.ctx, "a", core.OpenRevsOptions{Revs: []core.Rev{rev2}, Attachments: true, AttsSince: []core.Rev{rev1}})
		require.NoError(f, err)
		require.True(f, found[0].Doc.Attachment("x").Stub || !f.has(AttachmentHistory))
		f.requireContent("hi", found[0].Doc.Attachment("z"))
	}},
	{"in listings", nil, func(f *fixture) {
		rev := f.write(`{"_id":"a","_attachments":{"x":{"content_type":"image/png","data":"aGVsbG8="}}}`)
		f.put("b", `{"v":1}`)
		for _, wanted := range []bool{false, true} {
			rows, _, err := core.ListAllDocs(f.ctx, f.db, core.AllDocsOptions{IncludeDocs: true, Attachments: wanted})
			require.NoError(f, err)
			changes, _, err := core.ListChanges(f.ctx, f.db, core.ChangesOptions{IncludeDocs: true, Attachments: wanted, DocIDs: []string{"a"}})
			require.NoError(f, err)
			results, err := f.db.BulkGet(f.ctx, []core.DocRev{{ID: "a", Rev: rev}}, core.BulkGetOptions{Attachments: wanted})
			require.NoError(f, err)
			require.Empty(f, rows[1].Doc.Attachments)
			for _, doc := range []*core.Document{rows[0].Doc, changes[0].Doc, results[0].Docs[0].Doc} {
				require.Len(f, doc.Attachments, 1)
				require.Equal(f, !wanted, doc.Attachments[0].Stub)
				if wanted {
					f.requireContent("hello", &doc.Attachments[0])
				}
			}
		}
	}},
	{"stubs of nothing", nil, func(f *fixture) {
		rev := f.write(`{"_id":"a","_attachments":{"x":{"content_type":"image/png","data":"aGVsbG8="}}}`)
		for _, text := range []string{
			`{"_id":"new","_attachments":{"x":{"stub":true}}}`,
			`{"_id":"a","_rev":"` + rev.String() + `","_attachments":{"other":{"stub":true}}}`,
			`{"_id":"a","_rev":"` + rev.String() + `","_attachments":{"x":{"stub":true,"revpos":2}}}`,
		} {
			_, err := f.db.BulkDocs(f.ctx, []*core.Document{f.parse(text)}, core.BulkDocsOptions{})
			require.ErrorIs(f, err, core.ErrMissingStub, text)
		}
		require.Equal(f, rev, f.get("a", core.GetOptions{}).Rev)
		f.requireGone(core.ErrMissing, "new", core.GetOptions{})
	}},
	{"replicated", nil, func(f *fixture) {
		f.replicate(`{"_id":"a","_revisions":{"start":1,"ids":["a"]},"_attachments":{"x":{"content_type":"image/png","revpos":1,"data":"aGVsbG8="}}}`)
		f.replicate(`{"_id":"a","_revisions":{"start":3,"ids":["c","b","a"]},"_attachments":{
			"x":{"content_type":"image/png","revpos":1,"digest":"md5-XUFAKrxLKna5cZ2REBfFkg==","length":5,"stub":true},"y":{"revpos":2,"data":"aGk="}}}`)
		doc := f.get("a", core.GetOptions{Attachments: true})
		f.requireContent("hello", doc.Attachment("x"))
		f.requireContent("hi", doc.Attachment("y"))
		if f.has(AttachmentHistory) {
			require.Equal(f, uint64(2), doc.Attachment("y").RevPos)
		}
		_, err := f.db.BulkDocs(f.ctx, []*core.Document{f.parse(`{"_id":"a","_revisions":{"start":2,"ids":["z","a"]},"_attachments":{"other":{"stub":true}}}`)},
			core.BulkDocsOptions{Replicated: true})
		require.ErrorIs(f, err, core.ErrMissingStub)
	}},
	{"one by one", []Capability{InnerBodies}, func(f *fixture) {
		put := func(docID, name, content string, rev core.Rev) core.Rev {
			rev, err := f.db.PutAttachment(f.ctx, docID, rev, core.Attachment{Name: name, ContentType: "image/png", Data: []byte(content)})
			require.NoError(f, err)
			return rev
		}
		rev1 := put("a", "dir/x y", "one", core.Rev{})
		rev2 := put("a", "z", "two", rev1)
		doc := f.get("a", core.GetOptions{})
		require.Equal(f, rev2, doc.Rev)
		a, err := f.db.GetAttachment(f.ctx, "a", "dir/x y", core.Rev{})
		require.NoError(f, err)
		f.requireContent("one", a)
		require.Equal(f, "image/png", a.ContentType)
		require.Equal(f, doc.Attachment("dir/x y").Digest, a.Digest)
		_, err = f.db.PutAttachment(f.ctx, "a", rev1, core.Attachment{Name: "late"})
		require.ErrorIs(f, err, core.ErrConflict)
		_, err = f.db.PutAttachment(f.ctx, "a", core.Rev{}, core.Attachment{Name: "late"})
		require.ErrorIs(f, err, core.ErrConflict)
		if f.has(AttachmentHistory) {
			_, err = f.db.RemoveAttachment(f.ctx, "a", "none", rev2)
			require.ErrorIs(f, err, core.ErrMissing)
		}
		rev3, err := f.db.RemoveAttachment(f.ctx, "a", "dir/x y", rev2)
		require.NoError(f, err)
		require.Equal(f, uint64(3), rev3.Generation)
		_, err = f.db.GetAttachment(f.ctx, "a", "dir/x y", core.Rev{})
		require.ErrorIs(f, err, core.ErrMissing)
		a, err = f.db.GetAttachment(f.ctx, "a", "dir/x y", rev2)
		require.NoError(f, err, "the revision before still has it")
		f.requireContent("one", a)
		_, err = f.db.GetAttachment(f.ctx, "none", "x", core.Rev{})
		require.ErrorIs(f, err, core.ErrMissing)
	}},
	{"shared content survives its first owner", nil, func(f *fixture) {
		content := randomBytes(200_000)
		doc := func(docID string, rev core.Rev) *core.Document {
			return &core.Document{ID: docID, Rev: rev, Attachments: []core.Attachment{{Name: "x", ContentType: "image/png", Data: content}}}
		}
		rev, err := core.Put(f.ctx, f.db, doc("a", core.Rev{}))
		require.NoError(f, err)
		_, err = core.Put(f.ctx, f.db, doc("b", core.Rev{}))
		require.NoError(f, err)
		f.delete("a", rev)
		require.NoError(f, f.db.Compact(f.ctx))
		got, err := f.get("b", core.GetOptions{Attachments: true}).Attachment("x").Read(f.ctx)
		require.NoError(f, err)
		require.True(f, bytes.Equal(content, got))
	}},
	{"large content is read when it is wanted", nil, func(f *fixture) {
		content := randomBytes(3_000_001)
		first, err := f.db.PutAttachment(f.ctx, "a", core.Rev{}, core.Attachment{Name: "x", ContentType: "image/png", Length: int64(len(content)), Content: core.Bytes(content)})
		require.NoError(f, err)
		doc := f.get("a", core.GetOptions{})
		require.Equal(f, first, doc.Rev)
		doc.Body = []byte(`{"v":2}`)
		rev, err := core.Put(f.ctx, f.db, doc)
		require.NoError(f, err)
		a, err := f.db.GetAttachment(f.ctx, "a", "x", rev)
		require.NoError(f, err)
		require.NotNil(f, a.Content)
		require.Equal(f, int64(len(content)), a.Length)
		for _, offset := range []int64{0, 47_999, 48_000, 2_999_999, 3_000_001} {
			reader, err := a.Open(f.ctx, offset)
			require.NoError(f, err)
			rest, err := io.ReadAll(reader)
			require.NoError(f, err)
			require.NoError(f, reader.Close())
			require.True(f, bytes.Equal(content[offset:], rest), "from %d", offset)
		}
		_, err = f.db.PutAttachment(f.ctx, "a", core.Rev{Generation: 1, Hash: "unknown"}, core.Attachment{Name: "y", Content: failing{}})
		require.Error(f, err)
	}},
}

// failing is content that cannot be read to its end.
type failing struct{}

func (failing) Open(context.Context, int64) (io.ReadCloser, error) {
	return io.NopCloser(io.MultiReader(bytes.NewReader(make([]byte, 2_000_000)), broken{})), nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, core.ErrUnreachable }

func randomBytes(n int) []byte {
	random := rand.New(rand.NewPCG(uint64(n), 7))
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(random.Uint32())
	}
	return data
}

func (f *fixture) write(text string) core.Rev {
	f.Helper()
	rev, err := core.Put(f.ctx, f.db, f.parse(text))
	require.NoError(f, err, text)
	return rev
}

func (f *fixture) requireContent(want string, a *core.Attachment) {
	f.Helper()
	require.NotNil(f, a)
	content, err := a.Read(f.ctx)
	require.NoError(f, err)
	require.Equal(f, want, string(content))
	require.False(f, a.Stub)
}
