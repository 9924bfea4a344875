package adaptertest

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"

	"github.com/gouchdb/gouchdb/core"
)

// readersOrder makes views order strings as people read them, which CouchDB does: it puts in front of each string of a key what decides in that order. So recordings of CouchDB can be
// compared with all their ranges, limits and offsets. What is known of the order is enough for letters, their accents and digits.
type readersOrder struct{ core.Scripts }

func (s readersOrder) Maps(ctx context.Context, sources []string) (core.MapScripts, error) {
	maps, err := s.Scripts.Maps(ctx, sources)
	return orderedMaps{maps}, err
}

func (s readersOrder) Reduce(ctx context.Context, source string) (core.ReduceScript, error) {
	reduce, err := s.Scripts.Reduce(ctx, source)
	return orderedReduce{reduce}, err
}

type orderedMaps struct{ core.MapScripts }

func (m orderedMaps) Map(ctx context.Context, docs [][]byte) ([][]core.Mapped, error) {
	results, err := m.MapScripts.Map(ctx, docs)
	for _, result := range results {
		for _, mapped := range result {
			for i := range mapped.Rows {
				mapped.Rows[i].Key = asReadersOrder(mapped.Rows[i].Key)
			}
		}
	}
	return results, err
}

type orderedReduce struct{ core.ReduceScript }

func (r orderedReduce) Reduce(ctx context.Context, calls []core.ReduceCall) ([]core.Reduced, error) {
	for i := range calls {
		calls[i].Keys = asWritten(calls[i].Keys)
	}
	return r.ReduceScript.Reduce(ctx, calls)
}

var (
	jsonString   = regexp.MustCompile(`"(?:[^"\\]|\\.)*"(?:\s*:)?`)
	plainLetters = strings.NewReplacer("é", "e", "á", "a", "É", "e", "Á", "a")
)

// decides ends what decides the order of a string.
const decides = "\u0001"

func asReadersOrder(key []byte) []byte {
	return rewriteStrings(key, func(text string) string {
		letters := strings.ToLower(plainLetters.Replace(text))
		accents := strings.ToLower(text)
		var capitals strings.Builder
		for _, r := range text {
			capitals.WriteString(map[bool]string{false: "0", true: "1"}[r >= 'A' && r <= 'Z'])
		}
		return letters + decides + accents + decides + capitals.String() + decides + text
	})
}

func asWritten(key []byte) []byte {
	return rewriteStrings(key, func(text string) string { return text[strings.LastIndex(text, decides)+1:] })
}

// rewriteStrings changes the strings in JSON that are not names of members.
func rewriteStrings(value []byte, change func(string) string) []byte {
	return jsonString.ReplaceAllFunc(value, func(token []byte) []byte {
		var text string
		if json.Unmarshal(token, &text) != nil {
			return token // the name of a member
		}
		changed, _ := json.Marshal(change(text))
		return changed
	})
}
