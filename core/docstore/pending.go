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
	var total uint64
	switch {
	case f.fromNowDown():
		return 0, nil
	case f.options.Descending || f.since == 0:
		total = m.total()
	case exhausted && f.options.DocIDs == nil:
		return 0, nil
	default:
		var err error
		if total, err = f.after(m, f.since); err != nil {
			return 0, err
		}
	}
	pending := total - uint64(f.rows)
	if f.options.DocIDs == nil && !f.options.Descending {
		memo := &f.db.pending
		memo.Lock()
		memo.updateSeq, memo.after, memo.pending = m.updateSeq, f.last, pending
		memo.Unlock()
	}
	return int64(pending), nil
}

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
