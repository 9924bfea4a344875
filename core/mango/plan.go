package mango

import (
	"bytes"
	"hash/fnv"

	"github.com/gouchdb/gouchdb/core/collation"
)

// Plan says how a request is answered.
//
// Walk the ranges, of the index's entries or, without an index, of the documents; of each entry or document test what is to be tested;
// skip, sort if the plan says so, stop at the limit.
type Plan struct {
	Request *Request
	// Index is nil when the documents are walked, in the order of their ids.
	Index *Index
	// Ranges are ascending and do not overlap. Of an index they are of the keys of its entries; of the documents they are of keys made by
	// [DocKey]. They are walked from the last to the first, backwards, when Descending is set.
	Ranges     []Range
	Descending bool
	// EntryTest can be run on what an entry tells ([Index.Document]) before its document is fetched. It is nil when there is nothing to
	// test, as when the ranges say it all. Unless Decided is set, it does not replace the request's selector, which is to be tested on the document.
	EntryTest *Selector
	// Decided says that what the ranges and the EntryTest let through matches: the selector is about fields of the index alone.
	Decided bool
	// Covering says that entries tell all that is asked: no document need be fetched.
	Covering bool
	// SortInMemory says that the order has to be made with a [Sorter].
	SortInMemory bool
	// Parts, when there are any, replace Index and Ranges: the answer is made of the documents that any of them finds, each once, by id (down
	// when Descending is set).
	Parts []*Plan
	// Warnings tell what a user could do better.
	Warnings []string
	// Candidates tell, for explain, why each index was chosen or not.
	Candidates []Candidate

	// after is where the page before ended; nil for the first page.
	after []byte
}

// Range is a stretch of keys: from Start on, up to but without End.
type Range struct{ Start, End []byte }

// DocKey returns the key by which a plan without an index orders documents: of an id.
func DocKey(docID string) []byte { return collation.AppendString(nil, docID) }

// DocIDs returns the range of ids whose [DocKey] lies in the range: from the first on, up to but without the last; nil: to the end.
func (r Range) DocIDs() (from, to []byte) {
	from, some := firstDocID(r.Start)
	if !some {
		return nil, []byte{} // there are none
	}
	to, some = firstDocID(r.End)
	if !some {
		return from, nil
	}
	if to == nil {
		to = []byte{}
	}
	return from, to
}

// firstDocID returns the least text whose key is not below a bound. It reports false when there is none.
func firstDocID(bound []byte) (text []byte, some bool) {
	kind := DocKey("")[0]
	if len(bound) == 0 || bound[0] < kind {
		return nil, true
	}
	if bound[0] > kind {
		return nil, false
	}
	if text, rest, err := collation.DecodeString(bound); err == nil {
		if len(rest) > 0 {
			text = append(text[:len(text):len(text)], 0) // the least that is greater
		}
		return text, true
	}
	// The beginning of strings, of which only the end is missing. The last byte may be half of an escape, which begins what is greater.
	end := DocKey("")[1]
	if text, _, err := collation.DecodeString(append(bound[:len(bound):len(bound)], end)); err == nil {
		return text, true
	}
	text, _, _ = collation.DecodeString(append(bound[:len(bound)-1:len(bound)-1], end))
	return append(text[:len(text):len(text)], 0), true
}

// fingerprint tells plans apart whose positions must not be mixed up.
func (p *Plan) fingerprint() uint64 {
	hash := fnv.New64a()
	text := p.Request.Selector.AppendJSON(nil)
	text = appendFields(text, p.Request.Sort)
	switch {
	case p.SortInMemory:
		text = append(text, "sorted"...) // whatever index the documents come from
	case len(p.Parts) > 0:
		text = append(text, "by id"...)
	default:
		text = p.Index.AppendDescription(text)
	}
	_, _ = hash.Write(text) // which never fails
	return hash.Sum64()
}

// Bookmark returns where the page ends whose last document is at a position: the key of its entry, its [DocKey] when there is no index or
// the plan has parts, what [Sorter] says when the order is made in memory.
func (p *Plan) Bookmark(position []byte) string {
	return bookmark{plan: p.fingerprint(), position: position}.String()
}

// resume lets the plan begin after the page that the request's bookmark ends.
func (p *Plan) resume() error {
	if p.Request.Bookmark == "" {
		return nil
	}
	from, err := decodeBookmark(p.Request.Bookmark)
	if err != nil {
		return err
	}
	if from.plan != p.fingerprint() {
		return invalidBookmark(p.Request.Bookmark + ": it belongs to another query, or the indexes have changed since")
	}
	p.after = from.position
	if p.SortInMemory {
		return nil
	}
	p.cut(from.position)
	for _, part := range p.Parts {
		if part.Index == nil {
			part.Descending = p.Descending
			part.cut(from.position)
		}
	}
	return nil
}

// cut removes what lies before a position, and the position, in the direction of the plan.
func (p *Plan) cut(position []byte) {
	var rest intervals
	for _, each := range p.Ranges {
		rest = append(rest, interval{each.Start, each.End})
	}
	if p.Descending {
		rest = rest.intersection(intervals{{lowest, position}})
	} else {
		rest = rest.intersection(intervals{{append(position[:len(position):len(position)], 0), highest}})
	}
	p.Ranges = p.Ranges[:0]
	for _, each := range rest {
		p.Ranges = append(p.Ranges, Range{each.low, each.high})
	}
}

// IsNew reports whether a document, by its [DocKey], comes after the page before. Only plans with parts need to ask, because
// their indexes are not in the order of the answer; a [Sorter] asks itself.
func (p *Plan) IsNew(position []byte) bool {
	if p.after == nil || p.SortInMemory {
		return true
	}
	order := bytes.Compare(position, p.after)
	return order > 0 && !p.Descending || order < 0 && p.Descending
}
