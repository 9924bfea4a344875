package wire

import (
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/internal/randjson"
)

// maker makes random values of the vocabulary. The same seed makes the same ones.
type maker struct {
	t *testing.T
	*randjson.Generator
}

func newMaker(t *testing.T, seed uint64) *maker {
	return &maker{t: t, Generator: randjson.New(seed)}
}

func (m *maker) yes() bool { return m.IntN(2) == 0 }

// text is a string as JSON can carry it.
func (m *maker) text() string { return m.Text() }

func (m *maker) id() string {
	return []string{"", "_design/", "_local/"}[m.IntN(3)] + "x" + m.text()
}

func (m *maker) hash() string {
	hash, err := core.ParseHash([]string{"", "a", "xyz", "0123456789abcdef0123456789ABCDEF", "ffffffffffffffffffffffffffffffff", "not-hex \"é"}[m.IntN(6)] + strconv.Itoa(m.IntN(2))[1:])
	require.NoError(m.t, err)
	return hash
}

func (m *maker) rev() core.Rev {
	return core.Rev{Generation: 1 + m.Uint64()>>m.IntN(64), Hash: m.hash()}
}

func (m *maker) revs(atLeast int) []core.Rev {
	revs := []core.Rev{}
	for range atLeast + m.IntN(4) {
		revs = append(revs, m.rev())
	}
	return revs
}

func (m *maker) seq() core.Seq {
	return []core.Seq{"1", "12345678901234567890", "0", "7-g1AAAA", `[7,"opaque"]`, "007", "1e3", "é\"\n"}[m.IntN(8)]
}

func (m *maker) error(id string) *core.Error {
	known := []*core.Error{core.ErrConflict, core.ErrForbidden, core.ErrUnauthorized, core.ErrMissing, core.ErrTooLarge, core.ErrBadRequest, core.ErrDocValidation,
		core.ErrIllegalDocID, core.ErrNotImplemented, core.ErrInternal, core.NewError(412, "missing_stub", ""), core.NewError(500, "odd", "")}
	return known[m.IntN(len(known))].Because(m.text()).Of(id)
}

// doc is a document as a parser makes it: its body in canonical form and without special members.
func (m *maker) doc() *core.Document {
	plain := []byte{'{'}
	for name, value := range rawjson.Members(m.Object()) {
		if text, _ := rawjson.Text(name); text != "" && text[0] == '_' {
			continue
		}
		if len(plain) > 1 {
			plain = append(plain, ',')
		}
		plain = append(append(append(plain, name...), ':'), value...)
	}
	parsed, err := core.ParseDocument(append(plain, '}'))
	require.NoError(m.t, err)
	doc := &core.Document{ID: m.id(), Rev: m.rev(), Deleted: m.yes(), Body: parsed.Body}
	if m.yes() {
		doc.Revisions = &core.Revisions{Start: uint64(3 + m.IntN(9)), Hashes: []string{m.hash(), m.hash()}}
	}
	if m.yes() {
		doc.Attachments = []core.Attachment{{Name: "f", Stub: true}}
	}
	if m.yes() {
		doc.Conflicts, doc.DeletedConflicts, doc.LocalSeq = m.revs(1), m.revs(1), m.seq()
		doc.RevsInfo = []core.RevInfo{{Rev: m.rev(), Status: "available"}, {Rev: m.rev(), Status: "missing"}}
	}
	return doc
}

// some makes up to four values, with ids that differ.
func some[T any](m *maker, one func() T, id func(*T) *string) []T {
	values := []T{}
	for i := range m.IntN(5) {
		value := one()
		*id(&value) += strconv.Itoa(i)
		values = append(values, value)
	}
	return slices.Clip(values)
}
