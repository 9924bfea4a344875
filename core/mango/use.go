package mango

import (
	"slices"
	"strings"

	"github.com/gouchdb/gouchdb/core/rawjson"
)

const (
	warnNoIndex = "No matching index found, create an index to optimize query time."
	warnSort    = "The result was sorted in memory, because no index gives this order: create an index on "
)

// use answers from an index.
func (p *Plan) use(c *candidate) {
	p.Index, p.Ranges = c.index, c.ranges
	p.sort(c.sorted)
	parts := conjuncts(p.Request.Selector.root)
	var rest []condition
	p.Decided = true
	for _, part := range parts {
		if !onlyAbout(part, c.index.Fields) {
			p.Decided = false
		} else if !p.saidByRanges(part, c) {
			rest = append(rest, part)
		}
	}
	p.EntryTest = selectorOf(rest)
	p.Covering = p.Decided && p.Request.Fields != nil && p.Request.Fields.within(c.index.Fields) && (c.sorted || p.tellsOrder(c.index.Fields))
}

// saidByRanges reports whether the ranges have nothing for which a condition does not hold.
func (p *Plan) saidByRanges(part condition, c *candidate) bool {
	for i, field := range c.index.Fields {
		if set, exact := bounds(part, field.path); exact && (i < c.whole || set.isAll()) {
			return true
		}
	}
	return false
}

// within reports whether all fields that are asked for are fields of an index, or the id.
func (f *Fields) within(fields []Field) bool {
	for _, p := range f.paths {
		found := p.isID()
		for i := range fields {
			found = found || p.same(fields[i].path)
		}
		if !found {
			return false
		}
	}
	return true
}

// tellsOrder reports whether entries with these fields say where their documents belong in the order asked for.
func (p *Plan) tellsOrder(fields []Field) bool {
	return !slices.ContainsFunc(p.Request.Sort, func(wanted Field) bool {
		return !wanted.path.isID() && !slices.ContainsFunc(fields, func(f Field) bool { return f.path.same(wanted.path) })
	})
}

func (p *Plan) sort(sorted bool) {
	sort := p.Request.Sort
	if len(sort) == 0 {
		return
	}
	if sorted {
		p.Descending = sort[0].Descending
		return
	}
	p.SortInMemory = true
	p.warn(warnSort + string(appendNames(nil, sort)))
}

func appendNames(dst []byte, fields []Field) []byte {
	names := make([]string, len(fields))
	for i, field := range fields {
		names[i] = field.Name
	}
	return rawjson.AppendQuoted(dst, names)
}

// useDocuments walks the documents, those with the ids that the selector allows.
func (p *Plan) useDocuments() {
	set, _ := bounds(p.Request.Selector.root, idPath)
	set = set.intersection(ofKinds(kinds(rawjson.String)))
	for _, each := range set {
		p.Ranges = append(p.Ranges, Range{each.low, each.high})
	}
	p.sort(givesOrder(nil, nil, p.Request.Sort))
	if !set.arePoints() {
		p.warn(warnNoIndex)
	}
}

// useParts answers an $or each of whose conditions has an index of its own. It is tried when no index has all of the answer.
func (p *Plan) useParts(indexes []*Index) bool {
	if len(p.Request.UseIndex) > 0 {
		return false
	}
	others := conjuncts(p.Request.Selector.root)
	for i, c := range others {
		alternatives, ok := c.(anyOf)
		if !ok || len(alternatives) < 2 {
			continue
		}
		var parts []*Plan
		for _, alternative := range alternatives {
			conditions := append([]condition{alternative}, others[:i]...)
			part := p.part(append(conditions, others[i+1:]...), indexes)
			if part == nil {
				break
			}
			parts = append(parts, part)
		}
		if len(parts) == len(alternatives) {
			p.Parts = parts
			p.sort(givesOrder(nil, nil, p.Request.Sort))
			return true
		}
	}
	return false
}

// part plans a condition of an $or, with all that must hold besides. It is nil when no index narrows it down.
func (p *Plan) part(conditions []condition, indexes []*Index) *Plan {
	selector := selectorOf(conditions)
	part := &Plan{Request: &Request{Selector: selector}}
	best, err := part.choose(part.candidates(indexes))
	if err != nil {
		return nil
	}
	if best != nil {
		part.use(best)
		if best.equal == 0 && !best.ranged {
			return nil
		}
		return part
	}
	part.useDocuments()
	if len(part.Ranges) == 0 || !part.isAllDocuments() {
		return part
	}
	return nil
}

func (p *Plan) isAllDocuments() bool {
	every := ofKinds(kinds(rawjson.String))[0]
	return len(p.Ranges) == 1 && string(p.Ranges[0].Start) == string(every.low) && string(p.Ranges[0].End) == string(every.high)
}

// Warning returns all warnings as one text, a line each, with CouchDB's advice when far more documents were looked at than were found.
func (p *Plan) Warning(examined, found int) string {
	const tooMany = 10 // times as many: CouchDB's default
	warnings := p.Warnings
	if examined > tooMany*max(found, 1) {
		warnings = append(warnings[:len(warnings):len(warnings)], "The number of documents examined is high in proportion to the number of results returned. "+
			"Consider adding a more specific index to improve this.")
	}
	return strings.Join(warnings, "\n")
}
