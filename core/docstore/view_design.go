package docstore

import (
	"context"
	"slices"
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/internal/md5"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/mapreduce"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

const designPrefix = "_design/"

// viewDefinition is what a design document says of its views. Views that have the same map function share its rows.
type viewDefinition struct {
	name          string // of the design document, without "_design/"
	language      string
	localSeq      bool
	includeDesign bool
	sources       []string   // of the map functions
	reduces       [][]string // by map function
	views         map[string]viewPlace
	// native, when not nil, is in the place of sources.
	native nativeView
	// signed, when not zero, is the signature: of a definition that is used again.
	signed signature
}

// nativeView has functions in Go. It is an interface so that a page, which has none, does not load what runs them.
type nativeView interface {
	mapOne(doc *core.Document) core.Mapped
	reducer() core.ReduceScript
}

// viewPlace is where a view is in its definition. slot is its reduce function, -1 without one.
type viewPlace struct{ m, slot int }

// signature tells definitions apart: those of the same signature have the same rows.
type signature [md5.Size]byte

// indexVersion goes into signatures: when what is stored changes its form, views are built anew.
const indexVersion = "2"

func (d *viewDefinition) signature() signature {
	if d.signed != (signature{}) {
		return d.signed
	}
	text := []byte(indexVersion)
	add := func(part string) { text = rawjson.AppendString(append(text, ','), part) }
	add(d.language)
	text = rawjson.AppendBool(append(text, ','), d.localSeq)
	text = rawjson.AppendBool(append(text, ','), d.includeDesign)
	for m, source := range d.sources {
		add(source)
		text = append(text, '[')
		for _, reduce := range d.reduces[m] {
			add(reduce)
		}
		text = append(text, ']')
	}
	return md5.Sum(text)
}

// add adds a view, and returns its place.
func (d *viewDefinition) add(mapSource, reduce string) viewPlace {
	p := viewPlace{m: slices.Index(d.sources, mapSource), slot: -1}
	if p.m < 0 {
		p.m = len(d.sources)
		d.sources = append(d.sources, mapSource)
		d.reduces = append(d.reduces, nil)
	}
	if reduce == "" {
		return p
	}
	if p.slot = slices.Index(d.reduces[p.m], reduce); p.slot < 0 {
		p.slot = len(d.reduces[p.m])
		d.reduces[p.m] = append(d.reduces[p.m], reduce)
	}
	return p
}

func (d *viewDefinition) reduceOf(p viewPlace) string {
	if p.slot < 0 {
		return ""
	}
	return d.reduces[p.m][p.slot]
}

// javaScript is the language of design documents that name none.
const javaScript = "javascript"

func invalidDesign(reason string) *core.Error {
	return core.NewError(400, "invalid_design_doc", reason)
}

// parseDesign reads the views of a design document.
func parseDesign(docID string, body []byte) (*viewDefinition, error) {
	d := &viewDefinition{name: strings.TrimPrefix(docID, designPrefix), language: javaScript, views: map[string]viewPlace{}}
	if language, ok := rawjson.Text(rawjson.Member(body, "language")); ok {
		d.language = language
	}
	options := rawjson.Member(body, "options")
	if rawjson.KindOf(options) == rawjson.Object {
		d.localSeq, _ = rawjson.Bool(rawjson.Member(options, "local_seq"))
		d.includeDesign, _ = rawjson.Bool(rawjson.Member(options, "include_design"))
	}
	views := rawjson.Member(body, "views")
	if views == nil || d.language != javaScript {
		return d, nil
	}
	if rawjson.KindOf(views) != rawjson.Object {
		return nil, invalidDesign("`views` field must have object type").Of(docID)
	}
	for quoted, view := range rawjson.Members(views) {
		name, _ := rawjson.Text(quoted)
		if rawjson.KindOf(view) != rawjson.Object {
			return nil, invalidDesign("`views." + name + "` field must have object type").Of(docID)
		}
		source := rawjson.Member(view, "map")
		if source == nil {
			continue // a library, which functions may require elsewhere
		}
		text, ok := rawjson.Text(source)
		if !ok {
			return nil, invalidDesign("`views." + name + ".map` field must have string type").Of(docID)
		}
		reduce := ""
		if member := rawjson.Member(view, "reduce"); member != nil && rawjson.KindOf(member) != rawjson.Null {
			if reduce, ok = rawjson.Text(member); !ok {
				return nil, invalidDesign("`views." + name + ".reduce` field must have string type").Of(docID)
			}
		}
		if mapreduce.IsBuiltin(reduce) {
			if _, err := mapreduce.NewReducer(reduce); err != nil {
				return nil, core.AsError(err).Of(docID)
			}
		}
		d.views[name] = d.add(text, reduce)
	}
	return d, nil
}

// errNoView is CouchDB's answer for a view that is not in its design document.
var errNoView = core.ErrMissing.Because("missing_named_view")

// find returns the place of a view.
func (d *viewDefinition) find(view string) (viewPlace, error) {
	if d.language != javaScript {
		return viewPlace{}, core.NewError(500, "unknown_query_language", d.language).Of(designPrefix + d.name)
	}
	place, found := d.views[view]
	if !found {
		return viewPlace{}, errNoView.Of(designPrefix + d.name)
	}
	return place, nil
}

// design reads the views of a design document, given with or without "_design/".
func (db *DB) design(ctx context.Context, designDoc string) (*viewDefinition, error) {
	docID := designDoc
	if !strings.HasPrefix(docID, designPrefix) {
		docID = designPrefix + docID
	}
	var d *viewDefinition
	err := db.view(ctx, false, func(s kv.Snapshot) error {
		value, found, err := s.Get(ctx, idKey(documentPrefix, docID))
		if err != nil {
			return err
		}
		if !found {
			return core.ErrMissing.Of(docID)
		}
		winner, _, err := decodeWinner(docID, value)
		if err != nil {
			return err
		}
		if winner.Deleted {
			return core.ErrDeleted.Of(docID)
		}
		if d = db.views.parsed(docID, winner.Rev); d != nil {
			return nil
		}
		body, _, err := readBody(ctx, s, docID, winner.Body)
		if err != nil {
			return err
		}
		if d, err = parseDesign(docID, body); err == nil {
			db.views.remember(docID, winner.Rev, d)
		}
		return err
	})
	return d, err
}
