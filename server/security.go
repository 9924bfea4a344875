package server

import (
	"net/http"
	"slices"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// access is who may do what in a database, after its security object.
type access struct {
	members, admins group
}

type group struct {
	names, roles []string
}

func (g group) empty() bool { return len(g.names) == 0 && len(g.roles) == 0 }

func (g group) has(user identity) bool {
	if user.Name != "" && slices.Contains(g.names, user.Name) {
		return true
	}
	return slices.ContainsFunc(user.Roles, func(role string) bool { return slices.Contains(g.roles, role) })
}

// parseAccess reads a security object. Members other than these two are stored, and mean nothing.
func parseAccess(security []byte) (access, error) {
	if rawjson.KindOf(security) != rawjson.Object {
		return access{}, core.ErrBadRequest.Because("the security object must be a JSON object")
	}
	members, err := parseGroup(security, "members")
	if err != nil {
		return access{}, err
	}
	admins, err := parseGroup(security, "admins")
	return access{members: members, admins: admins}, err
}

func parseGroup(security []byte, name string) (group, error) {
	value := rawjson.Member(security, name)
	if value == nil {
		return group{}, nil
	}
	if rawjson.KindOf(value) != rawjson.Object {
		return group{}, core.ErrBadRequest.Because("`" + name + "` must be a JSON object")
	}
	var g group
	var err error
	if g.names, err = parseNames(value, name, "names"); err != nil {
		return group{}, err
	}
	g.roles, err = parseNames(value, name, "roles")
	return g, err
}

func parseNames(object []byte, groupName, name string) ([]string, error) {
	value := rawjson.Member(object, name)
	if value == nil {
		return nil, nil
	}
	names, ok := rawjson.Texts(value)
	if !ok {
		return nil, core.ErrBadRequest.Because("`" + groupName + "." + name + "` must be a list of strings")
	}
	return names, nil
}

// refuse says no: 401 to somebody who might log in, 403 to somebody who has.
func (req *request) refuse(anonymous, known string) error {
	if req.user.Name == "" {
		return core.ErrUnauthorized.Because(anonymous)
	}
	return core.ErrForbidden.Because(known)
}

// requireServerAdmin lets only administrators of the server pass.
func (req *request) requireServerAdmin() error {
	if req.user.isAdmin() {
		return nil
	}
	return errNotAdmin
}

// requireMember lets those pass who may read and write the database.
func (req *request) requireMember() error {
	settings, err := req.db.loadSettings(req.Context())
	if err != nil {
		return err
	}
	members, admins := settings.access.members, settings.access.admins
	if req.user.isAdmin() || members.empty() || members.has(req.user) || admins.has(req.user) {
		return nil
	}
	return req.refuse("You are not authorized to access this db.", "You are not allowed to access this db.")
}

// isDatabaseAdmin reports whether the user may change the database itself, and its design documents.
func (req *request) isDatabaseAdmin() (bool, error) {
	settings, err := req.db.loadSettings(req.Context())
	return err == nil && (req.user.isAdmin() || settings.access.admins.has(req.user)), err
}

// requireDatabaseAdmin lets only administrators of the database, or the server, pass. The reason is what others are told.
func (req *request) requireDatabaseAdmin(reason string) error {
	ok, err := req.isDatabaseAdmin()
	if err != nil || ok {
		return err
	}
	return req.refuse(reason, reason)
}

const notDatabaseAdmin = "You are not a db or server admin."

func (req *request) getSecurity() error {
	settings, err := req.db.loadSettings(req.Context())
	if err != nil {
		return err
	}
	return req.send(http.StatusOK, slices.Clone(settings.security))
}

func (req *request) putSecurity() error {
	if err := req.requireDatabaseAdmin(notDatabaseAdmin); err != nil {
		return err
	}
	text, err := req.readJSON()
	if err != nil {
		return err
	}
	access, err := parseAccess(text)
	if err != nil {
		return err
	}
	security := rawjson.AppendCompact(nil, text)
	err = req.db.changeSettings(req.Context(), func(s *settings) { s.security, s.access = security, access })
	if err != nil {
		return err
	}
	return req.sendOK(http.StatusOK)
}
