package server

import (
	"context"
	"encoding/base64"
	"net"
	"slices"
	"strings"

	"github.com/gouchdb/gouchdb/core"
)

// User may log in with a name and a password.
type User struct {
	Name string
	// PasswordHash is made by [HashPassword].
	PasswordHash string
	// Roles are what security objects refer to. "_admin" makes an administrator of the server.
	Roles []string
}

const adminRole = "_admin"

// identity is who makes a request. The zero value is somebody who has not said.
type identity struct {
	Name  string
	Roles []string
	by    string // how they showed it: "cookie" or "default"
}

func (user identity) isAdmin() bool { return slices.Contains(user.Roles, adminRole) }

var (
	errWrongPassword = core.ErrUnauthorized.Because("Name or password is incorrect.")
	errLocked        = core.ErrForbidden.Because("Account is temporarily locked due to multiple authentication failures")
)

// users are those who may log in.
type users struct {
	byName  map[string]*account
	nobody  *account // stands in for names that do not exist, so that these take as long to refuse
	lockout *lockout
	key     []byte
}

type account struct {
	User
	hash *passwordHash
}

func newUsers(list []User) (*users, error) {
	u := &users{byName: map[string]*account{}, lockout: newLockout(), key: []byte(newUUID())}
	for _, user := range list {
		hash, err := parsePasswordHash(user.PasswordHash)
		if err != nil {
			return nil, err
		}
		if user.Name == "" || strings.Contains(user.Name, ":") || u.byName[user.Name] != nil {
			return nil, core.ErrBadRequest.Because("Users: names must be unique and have at least one character, and no colon")
		}
		u.byName[user.Name] = &account{User: user, hash: hash}
		u.nobody = &account{hash: &passwordHash{iterations: hash.iterations, salt: hash.salt, key: make([]byte, 32)}}
	}
	return u, nil
}

// login checks a name and a password that came from an address.
func (u *users) login(ctx context.Context, address, name, password string) (*account, error) {
	a := attempt{address: address, name: name}
	if u.lockout.locked(a) {
		return nil, errLocked
	}
	found := u.byName[name]
	if found != nil && found.hash.isKnown(password, u.key) {
		u.lockout.succeeded(a)
		return found, nil
	}
	select {
	case hashing <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-hashing }()
	if u.lockout.locked(a) { // by those who came at the same time, and waited less
		return nil, errLocked
	}
	tried := found
	if found == nil {
		tried = u.nobody
	}
	if tried == nil || !tried.hash.matches(password, u.key) {
		u.lockout.failed(a)
		return nil, errWrongPassword
	}
	u.lockout.succeeded(a)
	return found, nil
}

// identify finds out who makes the request: by the session cookie, or else by name and password.
func (req *request) identify() error {
	err := req.identifyByCookie()
	if err == nil && req.user.Name == "" {
		err = req.identifyByPassword()
	}
	if err != nil {
		if scheme := req.Header.Get("X-CouchDB-WWW-Authenticate"); scheme == "Cookie" {
			req.answer.Header().Set("WWW-Authenticate", scheme)
		}
		return err
	}
	if req.user.Name == "" && req.server.options.AllowAnonymous {
		req.user.Roles = []string{adminRole}
	}
	return nil
}

func (req *request) identifyByPassword() error {
	scheme, encoded, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Basic") {
		return nil
	}
	decoded, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return core.ErrBadRequest.Because("Authorization header has invalid base64 value")
	}
	name, password, found := strings.Cut(string(decoded), ":")
	if !found {
		return nil
	}
	account, err := req.server.users.login(req.Context(), req.address(), name, password)
	if err != nil {
		return err
	}
	req.user = identity{Name: account.Name, Roles: account.Roles, by: "default"}
	return nil
}

// address is the client's, without the port.
func (req *request) address() string {
	if host, _, err := net.SplitHostPort(req.RemoteAddr); err == nil {
		return host
	}
	return req.RemoteAddr
}

func (req *request) identifyByCookie() error {
	cookie, err := req.Cookie(sessionCookie)
	if err != nil || cookie.Value == "" {
		return nil
	}
	account, renew, err := req.server.sessions.check(cookie.Value)
	if err != nil || account == nil {
		return err
	}
	req.user = identity{Name: account.Name, Roles: account.Roles, by: "cookie"}
	if renew {
		req.setSession(req.server.sessions.issue(account))
	}
	return nil
}

// setSession sends the session cookie, or takes it away when value is empty.
func (req *request) setSession(value string) {
	req.answer.Header().Set("Set-Cookie", req.server.sessions.cookie(value, req.TLS != nil))
}
