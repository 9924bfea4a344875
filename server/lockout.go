package server

import (
	"sync"
	"time"
)

// lockout remembers failed logins. After five from one address for one name, that address is locked out of that name for
// five minutes, even with the right password.
type lockout struct {
	mu       sync.Mutex
	failures map[attempt]*failures
	now      func() time.Time
}

type attempt struct {
	address, name string
}

type failures struct {
	count int
	until time.Time // when they are forgotten
}

const (
	lockoutThreshold = 5
	lockoutTime      = 5 * time.Minute
	// lockoutEntries bounds the memory that somebody who tries many names can make the server spend.
	lockoutEntries = 10_000
)

func newLockout() *lockout {
	return &lockout{failures: map[attempt]*failures{}, now: time.Now}
}

func (l *lockout) locked(a attempt) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := l.failures[a]
	return f != nil && f.count >= lockoutThreshold && l.now().Before(f.until)
}

func (l *lockout) failed(a attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	f := l.failures[a]
	if f == nil || !now.Before(f.until) {
		l.makeRoom(now)
		f = &failures{}
		l.failures[a] = f
	}
	f.count++
	f.until = now.Add(lockoutTime)
}

func (l *lockout) succeeded(a attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.failures, a)
}

// makeRoom forgets what is over, and if that is not enough, the entry that will be over first.
func (l *lockout) makeRoom(now time.Time) {
	if len(l.failures) < lockoutEntries {
		return
	}
	var first attempt
	var until time.Time
	for a, f := range l.failures {
		if !now.Before(f.until) {
			delete(l.failures, a)
			continue
		}
		if until.IsZero() || f.until.Before(until) {
			first, until = a, f.until
		}
	}
	if len(l.failures) >= lockoutEntries {
		delete(l.failures, first)
	}
}
