package server

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestLockoutEnds(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	l := newLockout()
	l.now = func() time.Time { return now }
	a := attempt{"10.0.0.1", "admin"}
	for range lockoutThreshold {
		assert.False(t, l.locked(a))
		l.failed(a)
	}
	assert.True(t, l.locked(a))
	now = now.Add(lockoutTime - time.Second)
	assert.True(t, l.locked(a))
	now = now.Add(time.Second)
	assert.False(t, l.locked(a))
	l.failed(a)
	assert.False(t, l.locked(a), "the count begins anew")
}

func TestLockoutMemoryIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	l := newLockout()
	l.now = func() time.Time { return now }
	for i := range lockoutEntries + 100 {
		now = now.Add(time.Millisecond)
		l.failed(attempt{"10.0.0.1", strconv.Itoa(i)})
	}
	assert.Len(t, l.failures, lockoutEntries)
	now = now.Add(lockoutTime)
	l.failed(attempt{"10.0.0.1", "another"})
	assert.Len(t, l.failures, 1, "what is over is forgotten")
}
