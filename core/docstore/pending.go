package docstore

import "sync"

// pendingMemo remembers how many changes came after a sequence, as long as nothing new has come. A reader that goes
// through the feed page by page would else make every page count the rest of the feed.
type pendingMemo struct {
	sync.Mutex
	updateSeq, after uint64
	pending          uint64
}

// pending counts the changes after the ones shown.
func (f *feed) pending(m meta, exhausted bool) (int64, error) {
	from := f.since
	if !f.scans() {
		from = f.origin
	}
	var total uint64
	switch {
	case f.fromNowDown():
		return 0, nil
	case f.options.Descending || from == 0:
		total = m.total()
	case exhausted && f.scans():
		return 0, nil
	default:
		var err error
		if total, err = f.after(m, from); err != nil {
			return 0, err
		}
	}
	pending := total - uint64(f.rows)
	if f.scans() {
		pending -= f.left
	}
	if f.scans() && !f.options.Descending {
		memo := &f.db.pending
		memo.Lock()
		memo.updateSeq, memo.after, memo.pending = m.updateSeq, f.last, pending
		memo.Unlock()
	}
	return int64(pending), nil
}

// scans reports whether the feed goes through all documents, rather than those that it knows by their ids.
func (f *feed) scans() bool { return f.options.DocIDs == nil && !f.options.Filter.DesignDocs }

// after counts the changes after a sequence.
func (f *feed) after(m meta, seq uint64) (uint64, error) {
	memo := &f.db.pending
	memo.Lock()
	known := memo.updateSeq == m.updateSeq && memo.after == seq
	count := memo.pending
	memo.Unlock()
	if known {
		return count, nil
	}
	r := prefixRange(sequencePrefix)
	r.From, r.KeysOnly = numberKey(sequencePrefix, seq+1), true
	count = 0
	for _, err := range f.snapshot.Scan(f.ctx, r) {
		if err != nil {
			return 0, err
		}
		count++
	}
	return count, nil
}
