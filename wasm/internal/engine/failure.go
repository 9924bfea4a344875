package engine

import (
	"errors"
	"strconv"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// appendFailure prints an error as JavaScript's side reads it. Of failures that are nobody's mistake the reason tells what lies below.
func appendFailure(dst []byte, err *core.Error) []byte {
	reason := err.Reason
	if cause := errors.Unwrap(err); cause != nil && (reason == "" || err.Status >= 500) {
		if reason != "" {
			reason += ": "
		}
		reason += cause.Error()
	}
	dst = append(dst, `{"status":`...)
	dst = strconv.AppendInt(dst, int64(err.Status), 10)
	dst = append(dst, `,"name":`...)
	dst = rawjson.AppendString(dst, err.Name)
	dst = append(dst, `,"reason":`...)
	dst = rawjson.AppendString(dst, reason)
	if err.ID != "" {
		dst = append(dst, `,"id":`...)
		dst = rawjson.AppendString(dst, err.ID)
	}
	return append(dst, '}')
}
