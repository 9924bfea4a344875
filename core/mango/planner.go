package mango

import (
	"cmp"
	"strings"

	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/internal/order"
)

// NewPlan decides how a request is answered with the indexes that there are. It is the same for the same indexes, in whatever order they come.
//
// Errors: CouchDB's invalid_index when the index that the request insists on cannot be used, and invalid_bookmark.
func NewPlan(request *Request, indexes []*Index) (*Plan, error) {
	p := &Plan{Request: request}
	candidates := p.candidates(indexes)
	best, err := p.choose(candidates)
	if err != nil {
		return nil, err
	}
	switch {
	case best != nil:
		p.use(best)
	case !p.useParts(indexes):
		p.useDocuments()
	}
	p.explainChoice(candidates, best)
	return p, p.resume()
}

// candidate is an index that might be used, with what it is worth.
type candidate struct {
	index   *Index
	refusal string // why it cannot be used: CouchDB's name of the reason
	wanted  bool   // by the request

	ranges  []Range
	applied int  // leading fields whose bounds the ranges observe, at least where the fields before are fixed
	whole   int  // leading fields whose bounds the ranges observe everywhere
	equal   int  // leading fields that are fixed to single values
	ranged  bool // the field after those is bounded
	prefix  int  // leading fields that the selector says anything about
	sorted  bool // gives the order
}

const (
	isPartial     = "is_partial"
	fieldMismatch = "field_mismatch"
)

func (p *Plan) candidates(indexes []*Index) []*candidate {
	var found []*candidate
	for _, index := range indexes {
		if len(index.Fields) > 0 {
			found = append(found, p.candidate(index))
		}
	}
	order.Func(found, func(a, b *candidate) int {
		return cmp.Or(strings.Compare(a.index.DesignDoc, b.index.DesignDoc), strings.Compare(a.index.Name, b.index.Name))
	})
	return found
}

func (p *Plan) candidate(index *Index) *candidate {
	c := &candidate{index: index, wanted: p.wants(index)}
	root := p.Request.Selector.root
	if index.Filter != nil && !c.wanted {
		c.refusal = isPartial // CouchDB too does not find out by itself whether a filter leaves out what is wanted
		return c
	}
	for _, field := range index.Fields {
		if !p.requires(field.path) {
			c.refusal = fieldMismatch
			return c
		}
	}
	var sets []intervals
	for _, field := range index.Fields {
		set, _ := bounds(root, field.path)
		sets = append(sets, set)
		if c.prefix == len(sets)-1 && requires(root, field.path) {
			c.prefix++
		}
	}
	c.ranges, c.applied = compose(sets)
	for c.equal < c.applied && sets[c.equal].areMostlyPoints() {
		c.equal++
	}
	c.ranged = c.equal < c.applied
	for c.whole < c.applied {
		c.whole++
		if !sets[c.whole-1].arePoints() {
			break
		}
	}
	c.sorted = givesOrder(index.Fields, sets, p.Request.Sort)
	return c
}

// requires reports whether all documents of the answer have a field: those of a sorted answer have the fields that it is sorted by.
func (p *Plan) requires(field path) bool {
	if field.isID() {
		return true
	}
	for _, sort := range p.Request.Sort {
		if sort.path.same(field) {
			return true
		}
	}
	return requires(p.Request.Selector.root, field)
}

func (p *Plan) wants(index *Index) bool {
	use := p.Request.UseIndex
	return len(use) > 0 && designDocOf(use) == index.DesignDoc && (len(use) == 1 || use[1] == index.Name)
}

// designDocOf returns the id of the design document that a use_index names.
func designDocOf(use []string) string { return designPrefix + strings.TrimPrefix(use[0], designPrefix) }

// givesOrder reports whether walking the fields of an index gives the order asked for: its fields are those of the sort, not counting fields
// that have a single value in the whole answer.
func givesOrder(fields []Field, sets []intervals, sort []Field) bool {
	at := 0
	for _, wanted := range sort {
		fixed := false
		for i := range fields {
			fixed = fixed || fields[i].path.same(wanted.path) && sets[i].single()
		}
		if fixed {
			continue
		}
		for at < len(fields) && !fields[at].path.same(wanted.path) {
			if !sets[at].single() {
				return false
			}
			at++
		}
		if at == len(fields) {
			return wanted.path.isID() // entries with the same values are in the order of the ids; nothing comes after that
		}
		at++
	}
	return true
}

// choose picks the best of the indexes that can be used, nil when the documents themselves are better.
func (p *Plan) choose(candidates []*candidate) (*candidate, error) {
	var best, wanted *candidate
	for _, c := range candidates {
		if c.refusal != "" {
			continue
		}
		if c.wanted && (wanted == nil || p.better(c, wanted)) {
			wanted = c
		}
		if best == nil || p.better(c, best) {
			best = c
		}
	}
	if wanted != nil {
		return wanted, nil
	}
	if err := p.refuseWanted(); err != nil {
		return nil, err
	}
	if best != nil && p.fixesID() {
		return nil, nil
	}
	return best, nil
}

// better reports whether a is better than b. An order that need not be made comes first, then fields that are fixed, then one in a range. Then
// it is CouchDB's choice: as many fields as possible that the selector says anything about, few fields, the smaller name.
func (p *Plan) better(a, b *candidate) bool {
	if len(p.Request.Sort) > 0 && a.sorted != b.sorted {
		return a.sorted
	}
	if a.equal != b.equal {
		return a.equal > b.equal
	}
	if a.ranged != b.ranged {
		return a.ranged
	}
	if a.prefix != b.prefix {
		return a.prefix > b.prefix
	}
	return len(a.index.Fields) < len(b.index.Fields)
}

// refuseWanted says why the index that the request names is not used.
func (p *Plan) refuseWanted() error {
	use := p.Request.UseIndex
	switch {
	case len(use) == 0 && p.Request.NoFallback:
		return fail("invalid_index", "You must specify an index with the `use_index` parameter.")
	case len(use) == 0:
		return nil
	}
	name := strings.Join(append([]string{designDocOf(use)}, use[1:]...), ", ")
	if p.Request.NoFallback {
		return fail("invalid_index", name+" specified by `use_index` could not be found or it is not suitable.")
	}
	if len(use) == 1 {
		p.warn(name + " was not used because it does not contain a valid index for this query.")
	} else {
		p.warn(name + " was not used because it is not a valid index for this query.")
	}
	return nil
}

func (p *Plan) warn(text string) { p.Warnings = append(p.Warnings, text) }

// fixesID reports whether the selector names the ids of all documents that it may match: no index is as fast as reading those.
func (p *Plan) fixesID() bool {
	set, _ := bounds(p.Request.Selector.root, idPath)
	strings := set.intersection(ofKinds(kinds(rawjson.String)))
	return strings.arePoints()
}

var idPath = path{text: "_id", steps: []step{{name: "_id", position: -1}}}
