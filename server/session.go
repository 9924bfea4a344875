package server

import (
	"crypto/hmac"
	"encoding/base64"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

const sessionCookie = "AuthSession"

// sessions are not stored anywhere: a cookie says who it is for and since when, and is signed. The signature depends on the
// password, so that a new one ends the sessions of the old.
type sessions struct {
	secret  []byte
	timeout time.Duration
	users   *users
}

var errMalformedCookie = core.ErrBadRequest.Because("Malformed AuthSession cookie. Please clear your cookies.")

func (s *sessions) sign(account *account, since string) []byte {
	return keyedHash(s.secret, account.Name, account.PasswordHash, since)
}

func (s *sessions) issue(account *account) string {
	since := strconv.FormatInt(time.Now().Unix(), 16)
	value := account.Name + ":" + since + ":" + string(s.sign(account, since))
	return base64.RawURLEncoding.EncodeToString([]byte(value))
}

// check returns whose cookie it is, nil when it is not valid or no longer, and whether it should be renewed.
func (s *sessions) check(value string) (account *account, renew bool, err error) {
	decoded, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return nil, false, errMalformedCookie
	}
	parts := strings.SplitN(string(decoded), ":", 3)
	if len(parts) != 3 {
		return nil, false, errMalformedCookie
	}
	seconds, err := strconv.ParseInt(parts[1], 16, 64)
	if err != nil {
		return nil, false, errMalformedCookie
	}
	account = s.users.byName[parts[0]]
	if account == nil || !hmac.Equal([]byte(parts[2]), s.sign(account, parts[1])) {
		return nil, false, nil
	}
	age := time.Since(time.Unix(seconds, 0))
	if age > s.timeout {
		return nil, false, nil
	}
	return account, age > s.timeout/10, nil
}

func (s *sessions) cookie(value string, secure bool) string {
	seconds := int64(s.timeout / time.Second)
	expires := time.Now().Add(s.timeout).UTC().Format(http.TimeFormat)
	text := sessionCookie + "=" + value + "; Version=1; Expires=" + expires + "; Max-Age=" + strconv.FormatInt(seconds, 10) + "; Path=/; HttpOnly"
	if secure {
		text += "; Secure"
	}
	return text
}

// session answers /_session: who am I, log in, log out.
func (req *request) session() error {
	return req.methods("GET,HEAD,POST,DELETE", map[string]handler{"GET": (*request).whoAmI, "POST": (*request).logIn, "DELETE": (*request).logOut})
}

func (req *request) whoAmI() error {
	text := []byte(`{"ok":true,"userCtx":{"name":`)
	if req.user.Name == "" {
		text = append(text, "null"...)
	} else {
		text = rawjson.AppendString(text, req.user.Name)
	}
	text = append(text, `,"roles":`...)
	text = rawjson.AppendQuoted(text, req.user.Roles)
	text = append(text, `},"info":{"authentication_handlers":["cookie","default"]`...)
	if req.user.by != "" {
		text = append(text, `,"authenticated":`...)
		text = rawjson.AppendString(text, req.user.by)
	}
	return req.send(http.StatusOK, append(text, "}}"...))
}

func (req *request) logIn() error {
	name, password, err := req.credentials()
	if err != nil {
		return err
	}
	account, err := req.server.users.login(req.Context(), req.address(), name, password)
	if err != nil {
		req.setSession("")
		if fail, ok := req.query.get("fail"); ok && isPath(fail) {
			req.answer.Header().Set("Location", req.absolute(fail))
			redirect := *core.AsError(err)
			redirect.Status = http.StatusFound
			return req.sendError(&redirect, "")
		}
		return err
	}
	req.setSession(req.server.sessions.issue(account))
	text := []byte(`{"ok":true,"name":`)
	text = rawjson.AppendString(text, account.Name)
	text = append(text, `,"roles":`...)
	text = append(rawjson.AppendQuoted(text, account.Roles), '}')
	if next, ok := req.query.get("next"); ok && isPath(next) {
		req.answer.Header().Set("Location", req.absolute(next))
		return req.send(http.StatusFound, text)
	}
	return req.send(http.StatusOK, text)
}

// isPath reports whether text is a path on this server; two slashes would begin the name of another one.
func isPath(text string) bool {
	return strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//") && !strings.ContainsAny(text, "\\\r\n")
}

// credentials reads a name and a password from a form or from JSON.
func (req *request) credentials() (name, password string, err error) {
	mediaType, _, _ := mime.ParseMediaType(req.Header.Get("Content-Type"))
	switch mediaType {
	case "application/json":
		text, err := req.postedObject()
		if err != nil {
			return "", "", err
		}
		name, _ = rawjson.Text(rawjson.Member(text, "name"))
		if name == "" {
			name, _ = rawjson.Text(rawjson.Member(text, "username"))
		}
		password, _ = rawjson.Text(rawjson.Member(text, "password"))
	case "application/x-www-form-urlencoded":
		text, err := req.readBody()
		if err != nil {
			return "", "", err
		}
		form, err := url.ParseQuery(string(text))
		if err != nil {
			return "", "", core.ErrBadRequest.Because("the form is not properly encoded")
		}
		name, password = form.Get("name"), form.Get("password")
		if name == "" {
			name = form.Get("username")
		}
	default:
		return "", "", core.NewError(415, "bad_content_type", "Content-Type must be 'application/x-www-form-urlencoded' or 'application/json'")
	}
	if name == "" {
		return "", "", core.ErrBadRequest.Because("request body must contain a username")
	}
	return name, password, nil
}

func (req *request) logOut() error {
	req.setSession("")
	return req.sendOK(http.StatusOK)
}
