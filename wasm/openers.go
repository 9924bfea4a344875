//go:build js && wasm

package main

import (
	"context"
	"syscall/js"

	"github.com/gouchdb/gouchdb/adapters/fetchhttp"
	"github.com/gouchdb/gouchdb/adapters/indexeddb"
	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/internal/regexps"
	"github.com/gouchdb/gouchdb/wasm/internal/engine"
	"github.com/gouchdb/gouchdb/wasm/internal/peer"
)

// docOptions are the options of a local database.
func docOptions(text []byte) docstore.Options {
	options := docstore.Options{Regexp: regexps.Compile, Scripts: hosted}
	options.AutoCompaction, _ = rawjson.Bool(rawjson.Member(text, "auto_compaction"))
	options.RandomRevs, _ = rawjson.Bool(rawjson.Member(text, "random_revs"))
	return options
}

// openers are the adapters of this engine, by the names that js/src/name.ts gives them. Node's engine has one more.
var openers = engine.Openers{
	"memory": {
		Volatile: true,
		Open: func(ctx context.Context, name string, text []byte) (core.Adapter, error) {
			options := docOptions(text)
			options.Name, options.Breathe = name, breathe
			return adapter(memory.OpenWith(ctx, options))
		},
	},
	"indexeddb": {
		Open: func(ctx context.Context, name string, options []byte) (core.Adapter, error) {
			return adapter(indexeddb.Open(ctx, name, indexeddb.Options{Docs: docOptions(options), Store: logOptions(options, logkv.Relaxed)}))
		},
	},
	"http": {
		Remote: true,
		Open: func(ctx context.Context, name string, options []byte) (core.Adapter, error) {
			remote := remoteOptions(options)
			if number, given := rawjson.Int(rawjson.Member(options, "fetch")); given {
				remote.Doer = pageDoer{engine.Asker(ctx), number}
			}
			return adapter(fetchhttp.Open(ctx, name, remote))
		},
	},
	"peer": {
		Remote: true,
		Open: func(ctx context.Context, name string, _ []byte) (core.Adapter, error) {
			return peer.New(engine.Asker(ctx), name), nil
		},
	},
}

// breathe returns when the event loop has had its turn.
func breathe() {
	turn := make(chan struct{})
	callback := js.FuncOf(func(js.Value, []js.Value) any {
		close(turn)
		return nil
	})
	defer callback.Release()
	js.Global().Call("setTimeout", callback)
	<-turn
}

// adapter keeps a nil pointer from becoming an adapter that is not nil.
func adapter[A core.Adapter](a A, err error) (core.Adapter, error) {
	if err != nil {
		return nil, err
	}
	return a, nil
}

// logOptions reads what js/src/name.ts has checked.
func logOptions(text []byte, durability logkv.Durability) logkv.Options {
	switch name, _ := rawjson.Text(rawjson.Member(text, "durability")); name {
	case "strict":
		durability = logkv.Strict
	case "relaxed":
		durability = logkv.Relaxed
	case "memory-first":
		durability = logkv.MemoryFirst
	}
	ratio, _ := rawjson.Float(rawjson.Member(text, "compaction_ratio"))
	return logkv.Options{Durability: durability, CompactionRatio: ratio}
}

// remoteOptions reads what js/src/name.ts has checked.
func remoteOptions(text []byte) fetchhttp.Options {
	var options fetchhttp.Options
	options.User, _ = rawjson.Text(rawjson.Member(text, "username"))
	options.Password, _ = rawjson.Text(rawjson.Member(text, "password"))
	options.Create, _ = rawjson.Bool(rawjson.Member(text, "create"))
	options.SkipSetup = !options.Create
	options.MaxPolls = maxPolls
	for name, value := range rawjson.Members(rawjson.Member(text, "headers")) {
		if options.Header == nil {
			options.Header = map[string]string{}
		}
		key, _ := rawjson.Text(name)
		options.Header[key], _ = rawjson.Text(value)
	}
	return options
}
