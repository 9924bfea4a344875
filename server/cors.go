package server

import (
	"net/http"
	"slices"
	"strings"
)

const (
	corsMethods = "GET, PUT, POST, HEAD, DELETE, OPTIONS, COPY"
	corsExposed = "content-type, cache-control, accept-ranges, etag, server, x-couch-request-id, x-couch-update-newrev, x-couchdb-body-time"
	corsMaxAge  = "600"
)

// corsHeaders are the request headers that pages elsewhere may send.
var corsHeaders = []string{
	"accept", "accept-language", "authorization", "cache-control", "content-language", "content-length", "content-type", "destination",
	"expires", "if-match", "if-none-match", "last-event-id", "last-modified", "origin", "pragma", "range", "referer", "x-couch-full-commit",
	"x-couch-id", "x-couch-persist", "x-couchdb-www-authenticate", "x-http-method-override", "x-requested-with",
}

// crossOrigin says, to browsers, which other origins' pages may read the answer. Origins that were not configured get no
// such header at all. It reports true when the request was a browser's preliminary question, and has been answered.
func (req *request) crossOrigin() (done bool) {
	origins := req.server.options.Origins
	if len(origins) == 0 {
		return false
	}
	header := req.answer.Header()
	header.Add("Vary", "Origin")
	origin := req.Header.Get("Origin")
	switch {
	case origin == "":
		return false
	case origin != "*" && slices.Contains(origins, origin):
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Allow-Credentials", "true")
	case slices.Contains(origins, "*"):
		// With credentials, any page in the world could use the session of whoever looks at it.
		header.Set("Access-Control-Allow-Origin", "*")
	default:
		return false
	}
	method := req.Header.Get("Access-Control-Request-Method")
	asked := req.Header.Get("Access-Control-Request-Headers")
	if req.Method != http.MethodOptions || !slices.Contains(strings.Split(corsMethods, ", "), method) || !allowedHeaders(asked) {
		header.Set("Access-Control-Expose-Headers", corsExposed)
		return false
	}
	header.Set("Access-Control-Allow-Methods", corsMethods)
	header.Set("Access-Control-Allow-Headers", asked)
	header.Set("Access-Control-Max-Age", corsMaxAge)
	req.answer.WriteHeader(http.StatusNoContent)
	return true
}

func allowedHeaders(asked string) bool {
	for name := range strings.SplitSeq(asked, ",") {
		if name = strings.ToLower(strings.TrimSpace(name)); name != "" && !slices.Contains(corsHeaders, name) {
			return false
		}
	}
	return true
}
