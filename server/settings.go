package server

import (
	"context"
	"errors"
	"strconv"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// settingsID is a local document in which a database's security object and limits are kept, so that they live, move and end
// with the database. Requests cannot read or write it: see allowDocID.
const settingsID = "_local/_gouchdb"

// settings are what the server keeps about a database in the database. A value is not changed once others can see it.
type settings struct {
	security         []byte // JSON text of the security object
	access           access // what it says
	purgedInfosLimit int
}

const defaultPurgedInfosLimit = 1000

// defaultSecurity is a new database's: only administrators may use it.
var defaultSecurity = []byte(`{"members":{"roles":["_admin"]},"admins":{"roles":["_admin"]}}`)

// loadSettings returns the settings, which are read once.
func (db *database) loadSettings(ctx context.Context) (*settings, error) {
	db.settingsMu.Lock()
	defer db.settingsMu.Unlock()
	if db.settings != nil {
		return db.settings, nil
	}
	loaded := &settings{security: defaultSecurity, purgedInfosLimit: defaultPurgedInfosLimit}
	doc, err := db.Get(ctx, settingsID, core.GetOptions{})
	switch {
	case errors.Is(err, core.ErrMissing):
	case err != nil:
		return nil, err
	default:
		if security := rawjson.Member(doc.Body, "security"); security != nil {
			loaded.security = security
		}
		if limit, ok := rawjson.Int(rawjson.Member(doc.Body, "purged_infos_limit")); ok {
			loaded.purgedInfosLimit = int(limit)
		}
	}
	if loaded.access, err = parseAccess(loaded.security); err != nil {
		return nil, core.ErrCorrupt.Because("the stored security object cannot be read").From(err)
	}
	db.settings = loaded
	return loaded, nil
}

// changeSettings stores settings after change has changed a copy of them.
func (db *database) changeSettings(ctx context.Context, change func(*settings)) error {
	db.settingsSaved.Lock()
	defer db.settingsSaved.Unlock()
	current, err := db.loadSettings(ctx)
	if err != nil {
		return err
	}
	changed := *current
	change(&changed)
	body := append([]byte(`{"security":`), changed.security...)
	body = append(body, `,"purged_infos_limit":`...)
	body = strconv.AppendInt(body, int64(changed.purgedInfosLimit), 10)
	body = append(body, '}')
	if _, err := core.Put(ctx, db, &core.Document{ID: settingsID, Body: body}); err != nil {
		return err
	}
	db.settingsMu.Lock()
	defer db.settingsMu.Unlock()
	db.settings = &changed
	return nil
}

// allowDocID refuses access to the document that holds the settings.
func allowDocID(docID string) error {
	if docID == settingsID {
		return core.ErrForbidden.Because("this document is the server's own").Of(docID)
	}
	return nil
}
