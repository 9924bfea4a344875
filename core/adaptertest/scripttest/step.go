package scripttest

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

type kind int

const (
	write kind = iota
	replicate
	purge
	limit
	compact
	flush
	reopen
	crash
)

// step is one thing to do. Numbers stand for what there is when it is done, modulo how many of them there are.
type step struct {
	kind   kind
	tab    int
	writes []edit
	limit  int
}

// edit is one document of a write.
type edit struct {
	doc      int
	leaf     int // the parent; one too many: none
	older    int // or as many revisions above it
	body     int
	deleted  bool
	branches bool // of a replicated revision: its hash is another than that of the same body on the same parent
}

const (
	documents = 5
	designDoc = "_design/x"
)

func newScript(random *rand.Rand, h Harness, length int) []step {
	script := make([]step, length)
	for i := range script {
		s := step{tab: random.IntN(h.Tabs)}
		switch n := random.IntN(40); {
		case n < 20:
			s.kind, s.writes = write, newEdits(random)
		case n < 30:
			s.kind, s.writes = replicate, newEdits(random)
		case n < 32:
			s.kind, s.writes = purge, newEdits(random)[:1]
		case n == 32:
			s.kind, s.limit = limit, 1+random.IntN(6)
		case n < 35:
			s.kind = compact
		case n < 37:
			s.kind = flush
		case n < 39 && h.Reopens:
			s.kind = reopen
		case n == 39 && h.Crashes:
			s.kind = crash
		default:
			s.kind, s.writes = write, newEdits(random)
		}
		script[i] = s
	}
	return script
}

func newEdits(random *rand.Rand) []edit {
	edits := make([]edit, 1+random.IntN(4))
	for i := range edits {
		edits[i] = edit{
			doc: random.IntN(documents), leaf: random.IntN(6), body: random.IntN(8), deleted: random.IntN(5) == 0, branches: random.IntN(3) == 0,
		}
		if random.IntN(6) == 0 {
			edits[i].older = random.IntN(3)
		}
	}
	return edits
}

// text is a body: some are empty, some long enough to be stored apart, most short. The design document defines indexes of queries, or none, which the
// other documents move in and out of; what they hold is compared with the documents by the database's own check.
func (e edit) text() string {
	if e.docID() == designDoc && e.body > 2 {
		const index = `"%s":{"options":{"def":{"fields":[%s]}}}`
		views := []string{fmt.Sprintf(index, "v", `"v"`), fmt.Sprintf(index, "long", `"long"`), fmt.Sprintf(index, "same", `"v"`)}
		return `{"language":"query","views":{` + strings.Join(views[e.body%3:], ",") + `}}`
	}
	switch e.body {
	case 0:
		return "{}"
	case 1, 2:
		return fmt.Sprintf(`{"long":"%s"}`, strings.Repeat(fmt.Sprint(e.body), 700))
	}
	return fmt.Sprintf(`{"v":%d}`, e.body)
}

func (e edit) docID() string { return []string{"a", "b", "c", "é", designDoc}[e.doc] }

func (s step) String() string {
	names := map[kind]string{
		write: "write", replicate: "replicate", purge: "purge", limit: "limit", compact: "compact", flush: "flush", reopen: "reopen", crash: "crash",
	}
	text := fmt.Sprintf("tab %d: %s", s.tab, names[s.kind])
	if s.kind == limit {
		text += fmt.Sprint(" ", s.limit)
	}
	for _, e := range s.writes {
		text += fmt.Sprintf(" [%s leaf %d older %d body %d deleted %t branches %t]", e.docID(), e.leaf, e.older, e.body, e.deleted, e.branches)
	}
	return text
}
