//go:build !js

package fetchhttp

import "context"

// enterTurn waits for a turn.
func (db *DB) enterTurn(ctx context.Context) (turn, error) { return db.enterHere(ctx) }
