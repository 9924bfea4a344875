package server_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/internal/golden"
)

// recorded is one request that was sent to CouchDB, with its answer.
type recorded struct {
	N           int
	Group       string
	Note        string
	NoDB        bool `json:"no_db"`
	Method      string
	Path        string
	Headers     map[string]*string
	Auth        string
	Req         json.RawMessage
	ReqText     *string `json:"req_text"`
	ReqB64      *string `json:"req_b64"`
	Status      int
	RespHeaders map[string]string `json:"resp_headers"`
	Resp        json.RawMessage
	RespText    *string `json:"resp_text"`
	RespB64     *string `json:"resp_b64"`
	Cut         bool
	Saves       []string
}

// exception is a range of recorded requests that this server answers otherwise, on purpose, and why.
type exception struct {
	from, to int
	// status is what it answers instead. 0: the request is not sent, since it makes no sense without what is missing.
	status int
	reason string
}

func loadRecorded(t *testing.T, file string) (groups []string, cases map[string][]recorded) {
	var content struct{ Cases []recorded }
	golden.Load(t, file, &content)
	cases = map[string][]recorded{}
	for _, c := range content.Cases {
		if cases[c.Group] == nil {
			groups = append(groups, c.Group)
		}
		cases[c.Group] = append(cases[c.Group], c)
	}
	require.NotEmpty(t, groups)
	return groups, cases
}

// replay sends recorded requests to a server, one group after the other as it was recorded.
type replay struct {
	server    *testServer
	variables variables
	// stripped are requests whose document is sent without its attachments. The revision that results is another one, which
	// takes the place of the recorded one from then on.
	stripped map[int]bool
	revs     map[string]string
	// compressed are the documents with attachments that CouchDB compressed: their digests, and so their revisions, take the place of the recorded ones.
	compressed map[string]bool
	// unordered is set while the order of lists of strings does not count.
	unordered bool
	// while is called when a request waits for something to happen.
	while func(*testing.T, recorded)
}

func newReplay(server *testServer, db string) *replay {
	return &replay{server: server, variables: variables{"db": db, "host": server.http.Listener.Addr().String()}, revs: map[string]string{}}
}

// fill puts in the values of variables and the revisions that differ from the recorded ones.
func (r *replay) fill(text string) string {
	for recorded, actual := range r.revs {
		text = strings.ReplaceAll(text, recorded, actual)
	}
	return r.variables.fill(text)
}

// learnRev remembers that another revision takes the place of the recorded one.
func (r *replay) learnRev(t *testing.T, c recorded, text []byte) {
	var want, got struct{ Rev string }
	require.NoError(t, json.Unmarshal(c.Resp, &want))
	require.NoError(t, json.Unmarshal(text, &got))
	require.NotEmpty(t, got.Rev, "%d: %s", c.N, text)
	r.revs[want.Rev] = got.Rev
}

// withoutAttachments removes the attachments from a document.
func withoutAttachments(t *testing.T, document json.RawMessage) json.RawMessage {
	var members map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(document, &members))
	require.Contains(t, members, "_attachments")
	delete(members, "_attachments")
	text, err := json.Marshal(members)
	require.NoError(t, err)
	return text
}

func (r *replay) call(t *testing.T, c recorded) call {
	if r.stripped[c.N] && c.Method != "COPY" {
		if c.ReqText != nil {
			c.Req, c.ReqText = json.RawMessage(*c.ReqText), nil
		}
		c.Req = withoutAttachments(t, c.Req)
	}
	request := call{method: c.Method, path: r.fill(c.Path), header: map[string]string{}, auth: c.Auth}
	switch {
	case c.ReqText != nil:
		request.body = *c.ReqText
		if r.compressed != nil {
			request.body = r.fill(request.body)
		}
	case c.ReqB64 != nil:
		raw, _ := base64.StdEncoding.DecodeString(*c.ReqB64)
		request.body = string(raw)
		if r.compressed != nil {
			request.body = r.fill(request.body)
		}
	default:
		request.body = r.fill(string(c.Req))
	}
	for name, value := range c.Headers {
		if value == nil {
			request.header[name] = ""
		} else {
			request.header[name] = r.fill(*value)
		}
	}
	if value, found := strings.CutPrefix(c.Auth, "header:"); found {
		request.header["Authorization"] = value
		request.auth = "none"
	}
	// Each request comes from an address of its own, so that wrong passwords do not lock the following ones out, except where that is what was recorded.
	request.header[addressHeader] = fmt.Sprintf("10.0.%d.%d", c.N/250, c.N%250)
	if strings.HasPrefix(c.Auth, "admin:wrong") && c.Auth != "admin:wrong" {
		request.header[addressHeader] = "10.9.9.9"
	}
	return request
}

// send sends a request and returns how the answer differs from the recorded one.
func (r *replay) send(t *testing.T, c recorded) (status int, difference string) {
	response := r.server.open(t, r.call(t, c))
	defer func() { _ = response.Body.Close() }()
	if r.while != nil && strings.HasPrefix(c.Note, "a document is written while") {
		r.while(t, c) // the feed has begun: its header is here
	}
	var text []byte
	var err error
	if c.Cut {
		text = make([]byte, len(*c.RespText))
		_, err = io.ReadFull(response.Body, text)
	} else {
		text, err = io.ReadAll(response.Body)
	}
	require.NoError(t, err)
	r.save(c, response, text)
	if strings.HasSuffix(c.Path, "/_compact") && response.StatusCode == http.StatusAccepted {
		r.server.compacted(t, r.variables["db"])
	}
	if r.stripped[c.N] {
		r.learnRev(t, c, text)
	}
	if c.Status == http.StatusInternalServerError && response.StatusCode >= 400 {
		return response.StatusCode, "" // one of CouchDB's own defects: any error will do
	}
	if response.StatusCode != c.Status {
		return response.StatusCode, fmt.Sprintf("status: want %d, got %d: %.300s", c.Status, response.StatusCode, text)
	}
	if r.compressed != nil {
		r.learnCompressed(t, &c, text)
	}
	if difference := r.matchHeaders(c, response.Header); difference != "" {
		return response.StatusCode, difference
	}
	return response.StatusCode, r.matchBody(c, response.Header.Get("Content-Type"), text)
}

func (r *replay) save(c recorded, response *http.Response, text []byte) {
	var answer struct {
		ID      string
		Results []struct{ Seq string }
		LastSeq string `json:"last_seq"`
	}
	if json.Unmarshal(text, &answer) == nil && c.Path == "/{db}/_changes" && answer.LastSeq != "" {
		r.variables["last_seq"] = answer.LastSeq
		for i, row := range answer.Results {
			r.variables[fmt.Sprintf("seq%d", i+1)] = row.Seq
		}
	}
	for _, name := range c.Saves {
		if strings.HasPrefix(name, "cookie") {
			if cookies := response.Cookies(); len(cookies) > 0 {
				r.variables[name] = cookies[0].Value
			}
		} else {
			r.variables[name] = answer.ID
		}
	}
}

// comparedHeaders are those that mean something to clients.
var comparedHeaders = []string{"Content-Type", "Content-Length", "Allow", "Etag", "Location", "Set-Cookie", "Cache-Control", "Www-Authenticate"}

var sessionValue = regexp.MustCompile(`AuthSession=\{cookie[0-9]*\}`)

func (r *replay) matchHeaders(c recorded, header http.Header) string {
	for name, want := range c.RespHeaders {
		name = http.CanonicalHeaderKey(name)
		compared := slices.Contains(comparedHeaders, name) || strings.HasPrefix(name, "Access-Control-")
		// Tags that are not revisions, and the length of a database's description, are each server's own.
		if !compared || want == `"<etag>"` || want == "<etag>" ||
			name == "Content-Length" && (c.Path == "/{db}" && c.Status == 200 || c.Status == http.StatusNotModified) {
			continue
		}
		if name == "Set-Cookie" {
			want = sessionValue.ReplaceAllString(want, "AuthSession=<cookie>")
		}
		if got := header.Get(name); !matchText(r.fill(want), got) {
			return fmt.Sprintf("header %s: want %q, got %q", name, r.fill(want), got)
		}
	}
	return ""
}

func (r *replay) matchBody(c recorded, contentType string, text []byte) string {
	if c.Method == http.MethodHead {
		return ""
	}
	if c.RespText != nil {
		want := r.fill(*c.RespText)
		mediaType, parameters, _ := mime.ParseMediaType(contentType)
		switch {
		case strings.HasPrefix(mediaType, "multipart/"):
			return matchParts(want, strings.ReplaceAll(string(text), parameters["boundary"], "<boundary>"))
		case c.Cut:
			// CouchDB begins a feed of events with an empty line.
			if want = strings.TrimPrefix(want, "\nevent"); !strings.Contains(string(text), want) {
				return fmt.Sprintf("want %q, got %q", want, text)
			}
			return ""
		}
		return matchLines(want, string(text))
	}
	if c.RespB64 != nil && !strings.HasPrefix(contentType, "multipart/") {
		if want, _ := base64.StdEncoding.DecodeString(*c.RespB64); string(want) != string(text) {
			return fmt.Sprintf("want %q, got %q", want, text)
		}
		return ""
	}
	if len(c.Resp) == 0 || string(c.Resp) == "null" && len(strings.TrimSpace(string(text))) == 0 {
		return ""
	}
	want, err := decodeJSON([]byte(r.fill(string(c.Resp))))
	if err != nil {
		return err.Error()
	}
	got, err := decodeJSON(text)
	if err != nil {
		return fmt.Sprintf("%v in %.200s", err, text)
	}
	if r.stripped != nil {
		stripMember(want, "_attachments")
	}
	if r.unordered {
		sortTexts(want)
		sortTexts(got)
	}
	return matchJSON("", want, got)
}
