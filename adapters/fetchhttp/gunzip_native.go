//go:build !js

package fetchhttp

import (
	"compress/gzip"
	"context"
	"io"
)

// gunzip undoes gzip.
func gunzip(_ context.Context, zipped io.Reader) (io.ReadCloser, error) {
	return gzip.NewReader(zipped)
}
