package fetchhttp

import (
	"strconv"
	"strings"

	"github.com/gouchdb/gouchdb/core"
)

// address is the URL of a database, taken apart and without credentials.
type address struct {
	origin string // "https://host:port", lower case, without a default port
	prefix string // path of the server below the origin: "" or "/couch", percent-encoded
	name   string // of the database, decoded
}

// server returns the URL of the server's root, without a slash at its end.
func (a address) server() string { return a.origin + a.prefix }

// database returns the URL of the database, without a slash at its end.
func (a address) database() string { return a.server() + "/" + escape(a.name) }

var errAddress = core.ErrBadRequest.Because("the URL of a remote database must look like https://host/name")

// parseAddress takes the URL of a database apart, and the credentials out of it. Its errors never quote the URL.
func parseAddress(rawURL string) (at address, user, password string, err error) {
	scheme, rest, found := strings.Cut(rawURL, "://")
	if !found {
		return address{}, "", "", errAddress
	}
	if strings.ContainsAny(rest, "?#") {
		return address{}, "", "", core.ErrBadRequest.Because("the URL of a remote database has no query and no fragment")
	}
	authority, path, _ := strings.Cut(rest, "/")
	// A password may hold an unescaped @; a host cannot.
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		user, password, _ = strings.Cut(authority[:i], ":")
		authority = authority[i+1:]
		var ok1, ok2 bool
		user, ok1 = unescape(user)
		password, ok2 = unescape(password)
		if !ok1 || !ok2 {
			return address{}, "", "", core.ErrBadRequest.Because("the credentials in the URL are not percent-encoded correctly")
		}
	}
	if at.origin, err = parseOrigin(scheme, authority); err != nil {
		return address{}, "", "", err
	}
	segments := strings.Split(strings.Trim(path, "/"), "/")
	for i, segment := range segments {
		text, ok := unescape(segment)
		if !ok || text == "" || text == "." || text == ".." {
			return address{}, "", "", errAddress
		}
		if i == len(segments)-1 {
			at.name = text
		} else {
			at.prefix += "/" + escape(text)
		}
	}
	return at, user, password, nil
}

// parseOrigin checks and normalises a scheme and what stands between "://" and the path.
func parseOrigin(scheme, authority string) (string, error) {
	scheme = strings.ToLower(scheme)
	if scheme != "http" && scheme != "https" {
		return "", core.ErrBadRequest.Because("the URL of a remote database begins with http:// or https://")
	}
	host, port := strings.ToLower(authority), ""
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		host, port = host[:i], host[i+1:]
	}
	if !isHost(host) {
		return "", core.ErrBadRequest.Because("the URL of a remote database names no valid host")
	}
	if port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return "", core.ErrBadRequest.Because("the URL of a remote database has an invalid port")
		}
	}
	if port == "" || (scheme == "http" && port == "80") || (scheme == "https" && port == "443") {
		return scheme + "://" + host, nil
	}
	return scheme + "://" + host + ":" + port, nil
}

// isHost accepts names, addresses, and IPv6 addresses in brackets.
func isHost(host string) bool {
	if inner, ok := strings.CutPrefix(host, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		return ok && inner != "" && strings.Trim(inner, "0123456789abcdef:.") == ""
	}
	for i := 0; i < len(host); i++ {
		c := host[i]
		if !isUnreserved(c) && c < 0x80 {
			return false
		}
	}
	return host != ""
}

// resolve returns the URL that a Location header stands for, and its origin. Credentials in it are dropped.
func resolve(base, location string) (target, origin string, err error) {
	location, _, _ = strings.Cut(location, "#")
	scheme, rest, _ := strings.Cut(base, "://")
	slash := strings.IndexByte(rest, '/')
	switch {
	case location == "":
		return "", "", errRedirect
	case strings.HasPrefix(location, "//"):
		rest = location[2:]
	case location[0] == '/':
		rest = rest[:slash] + location
	case strings.Contains(strings.SplitN(location, "/", 2)[0], ":"):
		var found bool
		if scheme, rest, found = strings.Cut(location, "://"); !found {
			return "", "", errRedirect
		}
	default:
		path, _, _ := strings.Cut(rest, "?")
		rest = path[:strings.LastIndexByte(path, '/')+1] + location
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	authority := rest[:end]
	origin, err = parseOrigin(scheme, authority[strings.LastIndexByte(authority, '@')+1:])
	if err != nil {
		return "", "", errRedirect
	}
	if path := rest[end:]; path == "" || path[0] == '?' {
		return origin + "/" + path, origin, nil
	}
	return origin + rest[end:], origin, nil
}

var errRedirect = core.ErrNotCouchDB.Because("the server redirects to something that is not an http URL")
