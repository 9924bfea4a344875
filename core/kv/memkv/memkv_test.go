package memkv_test

import (
	"testing"

	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/kvtest"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
)

func TestConformance(t *testing.T) {
	kvtest.Run(t, kvtest.Harness{New: func(*testing.T) kv.Store { return memkv.New() }})
}
