// Package logkv is a kv.Store that keeps an ordered tree in memory and makes it durable by an append-only log on a [Device].
package logkv
