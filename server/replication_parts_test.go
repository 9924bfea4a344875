package server_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// learnRevisions finds out which revisions follow from contents that were made up.
func (p *peer) learnRevisions(t *testing.T) {
	var recorded, actual changeRows
	for _, c := range p.transcript {
		if strings.Contains(c.Path, "/_changes?") && json.Unmarshal(c.Resp, &recorded) == nil && len(recorded.Results) > 0 {
			break
		}
	}
	require.Len(t, recorded.Results, 4)
	_, text := p.do(t, call{path: "/" + p.db + "/_changes"})
	require.NoError(t, json.Unmarshal([]byte(text), &actual))
	for i, row := range actual.Results {
		was := recorded.Results[i]
		require.Equal(t, was.ID, row.ID)
		if row.ID == "large" || row.ID == "small" {
			p.replay.revs[was.Changes[0].Rev[2:]] = row.Changes[0].Rev[2:]
		}
		assert.Equal(t, p.replay.fill(was.Changes[0].Rev), row.Changes[0].Rev, row.ID)
	}
}

type changeRows struct {
	Results []struct {
		ID      string
		Changes []struct{ Rev string }
	}
}

// fetchAttachment asks for one content.
func (p *peer) fetchAttachment(t *testing.T, c transcribed) {
	var want []byte
	if c.RespB64 != nil {
		var err error
		want, err = base64.StdEncoding.DecodeString(*c.RespB64)
		require.NoError(t, err)
	}
	switch {
	case c.RespText != nil:
		want = []byte(*c.RespText)
	case c.RespLength > 0:
		want = make([]byte, c.RespLength)
	case strings.Contains(c.Path, "/t.txt"):
		want = gunzip(t, want)
		assert.Equal(t, trimmedText, string(want))
	}
	response, got := p.do(t, p.replay.call(t, c.recorded))
	assert.Equal(t, c.Status, response.StatusCode)
	assert.Equal(t, c.RespHeaders["content-type"], response.Header.Get("Content-Type"))
	if c.RespText != nil {
		got = string([]rune(got)) // bytes that are no UTF-8 were recorded as U+FFFD
	}
	assert.Equal(t, string(want), got, c.Path)
}

func gunzip(t *testing.T, text []byte) []byte {
	reader, err := gzip.NewReader(bytes.NewReader(text))
	require.NoError(t, err)
	plain, err := io.ReadAll(reader)
	require.NoError(t, err)
	return plain
}

// fetchParts asks for a document with what follows it. The answer has to have the recorded parts, with the recorded headers, except that here nothing is compressed.
func (p *peer) fetchParts(t *testing.T, c transcribed) {
	recorded, err := base64.StdEncoding.DecodeString(*c.RespB64)
	require.NoError(t, err)
	response, text := p.do(t, p.replay.call(t, c.recorded))
	require.Equal(t, c.Status, response.StatusCode, text)
	want := parts(t, recorded, c.RespHeaders["content-type"])
	got := parts(t, []byte(text), response.Header.Get("Content-Type"))
	require.Len(t, want, 1)
	require.Len(t, got, 1)
	assert.True(t, strings.HasPrefix(got[0].Get("Content-Type"), "multipart/related; boundary="))
	want, got = parts(t, want[0].body, want[0].Get("Content-Type")), parts(t, got[0].body, got[0].Get("Content-Type"))
	require.GreaterOrEqual(t, len(want), 2)
	if c.RespLength == 0 {
		require.Len(t, got, len(want))
	} else {
		require.Len(t, got, 3, "the document and two contents, the second of which was not recorded")
	}
	for i := range want {
		if i == 0 {
			assert.Empty(t, p.matchStripped(want[0].body, got[0].body), c.Path)
		} else {
			p.matchPart(t, want[i], got[i])
		}
	}
	if c.RespLength > 0 {
		assert.Equal(t, "70000", got[2].Get("Content-Length"))
	}
}

// matchStripped compares documents without what is told of compression.
func (p *peer) matchStripped(want, got []byte) string {
	wanted, err := decodeJSON([]byte(p.replay.fill(string(want))))
	if err != nil {
		return err.Error()
	}
	stripMember(wanted, "encoding")
	stripMember(wanted, "encoded_length")
	gotten, err := decodeJSON(got)
	if err != nil {
		return err.Error()
	}
	return matchJSON("", wanted, gotten)
}

func (p *peer) matchPart(t *testing.T, want, got part) {
	content := want.body
	if want.Get("Content-Encoding") == "gzip" {
		content = gunzip(t, content)
		want.Del("Content-Encoding")
		want.Set("Content-Length", fmt.Sprint(len(content)))
	}
	assert.Equal(t, want.MIMEHeader, got.MIMEHeader)
	if want.cut {
		content = make([]byte, len(got.body))
	}
	assert.Equal(t, want.Get("Content-Length"), fmt.Sprint(len(got.body)))
	assert.True(t, bytes.Equal(content, got.body), "%v", got.MIMEHeader)
}

type part struct {
	textproto.MIMEHeader
	body []byte
	cut  bool
}

// parts reads a multipart body, the last part of which may be cut.
func parts(t *testing.T, body []byte, contentType string) (all []part) {
	_, parameters, err := mime.ParseMediaType(contentType)
	require.NoError(t, err)
	reader := multipart.NewReader(bytes.NewReader(body), parameters["boundary"])
	for {
		next, err := reader.NextRawPart()
		if errors.Is(err, io.EOF) {
			return all
		}
		require.NoError(t, err)
		content, err := io.ReadAll(next)
		all = append(all, part{next.Header, content, err != nil})
		if err != nil {
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			return all
		}
	}
}
