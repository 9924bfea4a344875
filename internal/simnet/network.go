//go:build !js

// Package simnet is a network that fails on purpose, for tests: a Doer of package fetchhttp in front of http.Handlers in the same process. What befalls
// a request follows from a seed, from what it asks for, and from how many such requests there were before, not from how goroutines interleave.
// It needs no sockets, so that it runs in synthetic time (testing/synctest).
package simnet

import (
	"context"
	"errors"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"

	"github.com/gouchdb/gouchdb/adapters/fetchhttp"
	"github.com/gouchdb/gouchdb/internal/pause"
)

// Network connects one client with servers.
type Network struct {
	// Client tells the requests of one client from those of others.
	Client string
	Seed   uint64
	// Honest lets everything through.
	Honest bool
	Hosts  *Hosts

	mutex  sync.Mutex
	counts map[string]int
}

// Hosts are the servers that there are, by "host:port".
type Hosts struct {
	mutex    sync.Mutex
	handlers map[string]*host
	healed   bool
}

type host struct {
	handler http.Handler
	life    context.Context
	end     context.CancelFunc
}

// Up sets a server, in the place of one that was there: what goes on with that one breaks off.
func (h *Hosts) Up(name string, handler http.Handler) {
	h.Down(name)
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.handlers == nil {
		h.handlers = map[string]*host{}
	}
	life, end := context.WithCancel(context.Background())
	h.handlers[name] = &host{handler: handler, life: life, end: end}
}

// Down takes a server away.
func (h *Hosts) Down(name string) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if up := h.handlers[name]; up != nil {
		up.end()
		delete(h.handlers, name)
	}
}

// Heal ends all misfortune.
func (h *Hosts) Heal() {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	h.healed = true
}

func (h *Hosts) find(name string) (up *host, healed bool) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	return h.handlers[name], h.healed
}

var (
	errRefused = errors.New("simnet: connection refused")
	errReset   = errors.New("simnet: connection reset")
)

// Do sends a request through the network.
func (n *Network) Do(ctx context.Context, request *fetchhttp.Request) (*fetchhttp.Response, error) {
	_, rest, _ := strings.Cut(request.URL, "://")
	name, _, _ := strings.Cut(rest, "/")
	up, healed := n.Hosts.find(name)
	if up == nil {
		return nil, errRefused
	}
	fate := fate{cut: -1}
	if !healed && !n.Honest {
		fate = n.decide(request)
	}
	if err := pause.For(ctx, fate.before); err != nil {
		return nil, err
	}
	switch {
	case fate.dropped:
		return nil, errRefused
	case fate.lie != nil:
		return fate.lie.answer(), nil
	case fate.lost, fate.doubled:
		if err := deliverAndForget(ctx, up, request); err != nil {
			return nil, err
		}
		if fate.lieAfter != nil {
			return fate.lieAfter.answer(), nil
		}
		if fate.lost {
			return nil, errReset
		}
	case fate.hangs:
		// Half open: what was sent has perhaps arrived, and no word of the other side's end ever comes.
		if fate.arrives {
			if err := deliverAndForget(ctx, up, request); err != nil {
				return nil, err
			}
		}
		<-ctx.Done()
		return nil, ctx.Err()
	}
	response, err := deliver(ctx, up, request)
	if err != nil {
		return nil, err
	}
	if err := pause.For(ctx, fate.after); err != nil {
		_ = response.Body.Close()
		return nil, err
	}
	if fate.cut >= 0 {
		response.Body = &cutBody{ReadCloser: response.Body, ctx: ctx, left: fate.cut, how: fate.cutHow}
	}
	return response, nil
}

// decide rolls the dice for a request.
func (n *Network) decide(request *fetchhttp.Request) fate {
	_, path, _ := strings.Cut(request.URL, "://")
	path, _, _ = strings.Cut(path, "?")
	if at := strings.Index(path, "/_local/"); at >= 0 {
		path = path[:at+len("/_local/")] // the rest is made of what is random
	}
	key := n.Client + " " + request.Method + " " + path
	n.mutex.Lock()
	if n.counts == nil {
		n.counts = map[string]int{}
	}
	n.counts[key]++
	count := n.counts[key]
	n.mutex.Unlock()
	sum := fnv.New64a()
	_, _ = io.WriteString(sum, key)
	return rollFate(rand.New(rand.NewPCG(n.Seed, sum.Sum64()+uint64(count)*0x9e3779b97f4a7c15)), request.Content != nil || strings.HasSuffix(path, "/_bulk_docs"))
}
