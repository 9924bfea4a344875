package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// Recorded answers hold placeholders for what is different each time: <seq> and the like match anything, and {db} and the
// like stand for values that the reader fills in. See testdata/golden/README.md.

// variables are the values of {db}, {uuid1}, ...
type variables map[string]string

func (v variables) fill(text string) string {
	for name, value := range v {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

var placeholder = regexp.MustCompile(`<[a-z_]+[0-9]*>`)

// matchText reports whether text is what was recorded.
func matchText(want, got string) bool {
	if want == got {
		return true
	}
	if !placeholder.MatchString(want) {
		return false
	}
	var pattern strings.Builder
	rest := want
	for {
		at := placeholder.FindStringIndex(rest)
		if at == nil {
			break
		}
		pattern.WriteString(regexp.QuoteMeta(rest[:at[0]]) + "(?s:.+?)")
		rest = rest[at[1]:]
	}
	pattern.WriteString(regexp.QuoteMeta(rest))
	return regexp.MustCompile("^" + pattern.String() + "$").MatchString(got)
}

func decodeJSON(text []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fmt.Errorf("text after the value")
	}
	return value, nil
}

// matchJSON returns where a value differs from the recorded one, "" when it does not. Numbers are compared by value:
// CouchDB prints them anew, this server as they came.
func matchJSON(at string, want, got any) string {
	if text, ok := want.(string); ok {
		if placeholder.FindString(text) == text && text != "" {
			return ""
		}
		if other, ok := got.(string); !ok || !matchText(text, other) {
			return fmt.Sprintf("%s: want %q, got %v", at, text, got)
		}
		return ""
	}
	switch want := want.(type) {
	case map[string]any:
		other, ok := got.(map[string]any)
		if !ok {
			return fmt.Sprintf("%s: want an object, got %v", at, got)
		}
		for name, value := range want {
			found, ok := other[name]
			if !ok && name == "git_sha" {
				continue // of CouchDB's own source
			}
			if !ok {
				return fmt.Sprintf("%s: %q is missing", at, name)
			}
			if difference := matchJSON(at+"."+name, value, found); difference != "" {
				return difference
			}
		}
		for name := range other {
			if _, ok := want[name]; !ok {
				return fmt.Sprintf("%s: unexpected %q", at, name)
			}
		}
		return ""
	case []any:
		other, ok := got.([]any)
		if !ok || len(other) != len(want) {
			return fmt.Sprintf("%s: want %d elements, got %v", at, len(want), got)
		}
		for i := range want {
			if difference := matchJSON(fmt.Sprintf("%s[%d]", at, i), want[i], other[i]); difference != "" {
				return difference
			}
		}
		return ""
	case json.Number:
		other, ok := got.(json.Number)
		if ok && want == other {
			return ""
		}
		x, errX := want.Float64()
		y, errY := other.Float64()
		if ok && errX == nil && errY == nil && x == y {
			return ""
		}
	default:
		if want == got {
			return ""
		}
	}
	return fmt.Sprintf("%s: want %v, got %v", at, want, got)
}

// stripMember removes a member from all objects within a value.
func stripMember(value any, name string) {
	switch value := value.(type) {
	case map[string]any:
		delete(value, name)
		for _, member := range value {
			stripMember(member, name)
		}
	case []any:
		for _, element := range value {
			stripMember(element, name)
		}
	}
}

// sortTexts sorts all lists of strings within a value.
func sortTexts(value any) {
	switch value := value.(type) {
	case map[string]any:
		for _, member := range value {
			sortTexts(member)
		}
	case []any:
		slices.SortFunc(value, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	}
}

// matchLines compares texts line by line, each as JSON where it is that. Empty lines are heartbeats.
func matchLines(want, got string) string {
	lines := func(text string) []string {
		return slices.DeleteFunc(strings.Split(text, "\n"), func(line string) bool { return strings.TrimSpace(line) == "" })
	}
	wanted, gotten := lines(want), lines(got)
	if len(wanted) != len(gotten) {
		return fmt.Sprintf("want %q, got %q", want, got)
	}
	for i, line := range wanted {
		prefix := ""
		if j := strings.IndexByte(line, '{'); j > 0 {
			prefix = line[:j]
		}
		if !strings.HasPrefix(gotten[i], prefix) {
			return fmt.Sprintf("line %d: want %q, got %q", i, line, gotten[i])
		}
		wantValue, errWant := decodeJSON([]byte(line[len(prefix):]))
		gotValue, errGot := decodeJSON([]byte(gotten[i][len(prefix):]))
		if errWant == nil && errGot == nil {
			if difference := matchJSON(fmt.Sprintf("line %d", i), wantValue, gotValue); difference != "" {
				return difference
			}
		} else if !matchText(line, gotten[i]) {
			return fmt.Sprintf("line %d: want %q, got %q", i, line, gotten[i])
		}
	}
	return ""
}

var partBreak = regexp.MustCompile(`(?:^|\r\n)--<boundary>(?:--)?(?:\r\n|$)`)

func matchParts(want, got string) string {
	wanted, gotten := partBreak.Split(want, -1), partBreak.Split(got, -1)
	if len(wanted) != len(gotten) {
		return fmt.Sprintf("want %q, got %q", want, got)
	}
	for i, part := range wanted {
		header, body, _ := strings.Cut(part, "\r\n\r\n")
		gotHeader, gotBody, _ := strings.Cut(gotten[i], "\r\n\r\n")
		if header != gotHeader {
			return fmt.Sprintf("part %d: want header %q, got %q", i, header, gotHeader)
		}
		if body == "" && gotBody == "" {
			continue
		}
		if difference := matchLines(body, gotBody); difference != "" {
			return fmt.Sprintf("part %d: %s", i, difference)
		}
	}
	return ""
}
