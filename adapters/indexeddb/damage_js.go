//go:build js && wasm

package indexeddb

import (
	"context"
	"sync/atomic"

	"github.com/gouchdb/gouchdb/internal/safejs"
)

// When a browser is killed while Chromium's LevelDB writes to its log, which it does twice for each record, half a record may be left there. The next browser forgives that
// and writes on behind it, and the one after that finds a damaged log, and removes all that the origin has stored. It does not come to that if LevelDB has begun
// another log by then, as it does when a database is removed.

// mended says that this context has seen to it. Whenever a browser is started there are new contexts.
var mended atomic.Bool

// mend makes the browser begin another log, once in a context, where half a record in the old one would matter.
func mend(ctx context.Context) {
	if mended.Swap(true) || !tellsOfLoss() {
		return
	}
	if makeAndRemove(ctx) != nil {
		mended.Store(false) // it is tried again when more has been written
	}
}

// tellsOfLoss reports whether this is a browser that removes what is damaged, which only Chromium says.
func tellsOfLoss() bool {
	var c calls
	tells := c.call(c.get(c.get(safejs.Global(), "IDBVersionChangeEvent"), "prototype"), "hasOwnProperty", "dataLoss")
	if c.err != nil {
		return false
	}
	yes, err := tells.Bool()
	return yes && err == nil
}

// reportLoss warns when the browser has found what it had stored damaged, and therefore made the database that is being opened anew.
func reportLoss(upgrade safejs.Value) {
	var c calls
	if loss := c.get(upgrade, "dataLoss"); c.err != nil || isNothing(loss) || c.text(upgrade, "dataLoss") == "none" {
		return
	}
	c.call(c.get(safejs.Global(), "console"), "warn",
		"GouchDB: the browser has found what this site had stored damaged and has removed it, all databases included: "+c.text(upgrade, "dataLossMessage"))
}
