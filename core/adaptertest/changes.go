package adaptertest

import (
	"context"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

var changesCases = []testCase{
	{"order", nil, func(f *fixture) {
		changes, summary := f.changes(core.ChangesOptions{})
		assert.Empty(f, changes)
		again, _ := f.changes(core.ChangesOptions{Since: summary.LastSeq})
		assert.Empty(f, again)
		first := f.put("a", `{}`)
		f.put("b", `{}`)
		f.put("c", `{}`)
		f.put("a", `{"v":2}`, first)
		assert.Equal(f, []string{"b", "c", "a"}, f.changed(core.ChangesOptions{}), "each document once, at its last change")
		assert.Equal(f, []string{"a", "c", "b"}, f.changed(core.ChangesOptions{Descending: true}))
		tombstone := f.delete("b", f.get("b", core.GetOptions{}).Rev)
		changes, _ = f.changes(core.ChangesOptions{})
		require.Len(f, changes, 3)
		last := changes[2]
		assert.Equal(f, "b", last.ID)
		assert.True(f, last.Deleted)
		assert.Equal(f, []core.Rev{tombstone}, last.Revs)
		assert.False(f, changes[0].Deleted || changes[1].Deleted)
	}},
	{"since", nil, func(f *fixture) {
		for _, docID := range []string{"a", "b", "c", "d"} {
			f.put(docID, `{}`)
		}
		changes, summary := f.changes(core.ChangesOptions{})
		require.Len(f, changes, 4)
		assert.Equal(f, []string{"c", "d"}, f.changed(core.ChangesOptions{Since: changes[1].Seq}))
		assert.Empty(f, f.changed(core.ChangesOptions{Since: summary.LastSeq}))
		assert.Empty(f, f.changed(core.ChangesOptions{Since: core.Now}))
		f.put("e", `{}`)
		assert.Equal(f, []string{"e"}, f.changed(core.ChangesOptions{Since: summary.LastSeq}))
		assert.Equal(f, []string{"a", "b", "c", "d", "e"}, f.changed(core.ChangesOptions{Since: "0"}))
	}},
	{"pages", nil, func(f *fixture) {
		count := f.rounds(700)
		f.putMany(count)
		since, seen := core.Seq(""), 0
		for {
			changes, summary := f.changes(core.ChangesOptions{Since: since, Limit: 33, IncludeDocs: true})
			seen += len(changes)
			if f.has(Pending) {
				require.Equal(f, int64(count-seen), summary.Pending)
			}
			for _, change := range changes {
				require.NotNil(f, change.Doc)
			}
			if len(changes) == 0 {
				break
			}
			require.Equal(f, changes[len(changes)-1].Seq, summary.LastSeq)
			since = summary.LastSeq
		}
		assert.Equal(f, count, seen)
	}},
	{"limits", nil, func(f *fixture) {
		for _, docID := range []string{"a", "b", "c"} {
			f.put(docID, `{}`)
		}
		assert.Equal(f, []string{"a", "b"}, f.changed(core.ChangesOptions{Limit: 2}))
		assert.Equal(f, []string{"c"}, f.changed(core.ChangesOptions{Limit: 1, Descending: true}))
		_, summary := f.changes(core.ChangesOptions{Limit: 2})
		if f.has(Pending) {
			assert.Equal(f, int64(1), summary.Pending)
		}
		assert.Equal(f, []string{"c"}, f.changed(core.ChangesOptions{Since: summary.LastSeq}))
	}},
	{"no rows", []Capability{Pending}, func(f *fixture) {
		f.put("a", `{}`)
		changes, summary := f.changes(core.ChangesOptions{Limit: core.NoRows})
		assert.Empty(f, changes)
		assert.Equal(f, int64(1), summary.Pending)
		assert.Equal(f, []string{"a"}, f.changed(core.ChangesOptions{Since: summary.LastSeq}))
	}},
	{"documents", nil, func(f *fixture) {
		f.replicate(conflicted...)
		first := f.put("a", `{"v":1}`)
		f.delete("a", first)
		changes, _ := f.changes(core.ChangesOptions{IncludeDocs: true, Conflicts: true, AllLeaves: true})
		require.Len(f, changes, 2)
		f.requireBody(`{"v":"c"}`, changes[0].Doc)
		assert.ElementsMatch(f, []string{"2-d", "2-b"}, texts(changes[0].Doc.Conflicts))
		if f.has(LeafOrder) {
			assert.Equal(f, "3-c", changes[0].Revs[0].String(), "the winner comes first")
		}
		assert.Len(f, changes[0].Revs, 4)
		require.NotNil(f, changes[1].Doc)
		assert.True(f, changes[1].Doc.Deleted)
		changes, _ = f.changes(core.ChangesOptions{})
		assert.Nil(f, changes[0].Doc)
		assert.Equal(f, []string{"3-c"}, texts(changes[0].Revs))
	}},
	{"some documents", nil, func(f *fixture) {
		for _, docID := range []string{"c", "b", "a"} {
			f.put(docID, `{}`)
		}
		f.delete("b", f.get("b", core.GetOptions{}).Rev)
		assert.Equal(f, []string{"a", "b"}, f.changed(core.ChangesOptions{DocIDs: []string{"b", "nope", "a", "b"}}))
		assert.Equal(f, []string{"b", "a"}, f.changed(core.ChangesOptions{DocIDs: []string{"a", "b"}, Descending: true}))
		assert.Equal(f, []string{"a"}, f.changed(core.ChangesOptions{DocIDs: []string{"a", "b"}, Limit: 1}))
		assert.Empty(f, f.changed(core.ChangesOptions{DocIDs: []string{}}))
		if f.has(FilteredSequence) {
			_, summary := f.changes(core.ChangesOptions{DocIDs: []string{"nope"}})
			assert.Empty(f, f.changed(core.ChangesOptions{Since: summary.LastSeq}), "what was passed over does not come again")
		}
	}},
	{"not a sequence", []Capability{SequenceErrors}, func(f *fixture) {
		for _, since := range []core.Seq{"x", "-1", "1.5", "99999999999999999999999", "1 "} {
			_, _, err := core.ListChanges(f.ctx, f.db, core.ChangesOptions{Since: since})
			require.ErrorIs(f, err, core.ErrBadRequest, "%q", since)
		}
	}},
	{"stopped by the caller", nil, func(f *fixture) {
		f.fill()
		seen := 0
		_, err := f.db.Changes(f.ctx, core.ChangesOptions{}, func(*core.Change) error {
			seen++
			return errStop
		})
		require.ErrorIs(f, err, errStop)
		assert.Equal(f, 1, seen)
	}},
	{"cancelled", []Capability{Snapshots}, func(f *fixture) {
		f.putMany(1000)
		ctx, cancel := context.WithCancel(f.ctx)
		defer cancel()
		seen := 0
		_, err := f.db.Changes(ctx, core.ChangesOptions{IncludeDocs: true}, func(*core.Change) error {
			seen++
			cancel()
			return nil
		})
		require.ErrorIs(f, err, context.Canceled)
		assert.Less(f, seen, 1000)
	}},
	{"snapshot", []Capability{Snapshots}, func(f *fixture) {
		f.put("a", `{"v":1}`)
		first := f.put("b", `{"v":1}`)
		var got []string
		summary, err := f.db.Changes(f.ctx, core.ChangesOptions{IncludeDocs: true}, func(change *core.Change) error {
			if len(got) == 0 {
				f.put("b", `{"v":2}`, first)
				f.put("c", `{}`)
			}
			got = append(got, change.ID)
			requireSameJSON(f, `{"v":1}`, string(change.Doc.Body))
			return nil
		})
		require.NoError(f, err)
		assert.Equal(f, []string{"a", "b"}, got)
		assert.Equal(f, []string{"b", "c"}, f.changed(core.ChangesOptions{Since: summary.LastSeq}), "and nothing is missed")
	}},
}
