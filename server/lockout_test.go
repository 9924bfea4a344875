package server

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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

// Attempts that come all at once are not more attempts.
func TestLockoutOfABurst(t *testing.T) {
	t.Parallel()
	hash, err := HashPassword("right", 20_000)
	require.NoError(t, err)
	u, err := newUsers([]User{{Name: "admin", PasswordHash: hash}})
	require.NoError(t, err)
	errs := make(chan error)
	for i := range 40 {
		go func() {
			_, err := u.login(t.Context(), "10.0.0.1", "admin", strconv.Itoa(i))
			errs <- err
		}()
	}
	tried := 0
	for range 40 {
		if err := <-errs; !errors.Is(err, errLocked) {
			require.ErrorIs(t, err, errWrongPassword)
			tried++
		}
	}
	assert.GreaterOrEqual(t, tried, lockoutThreshold)
	assert.Less(t, tried, lockoutThreshold+cap(hashing), "those that are being hashed when the last one fails")
	_, err = u.login(t.Context(), "10.0.0.2", "admin", "right")
	assert.NoError(t, err)
}

func TestNobodyWaitsForAPasswordInVain(t *testing.T) {
	t.Parallel()
	hash, err := HashPassword("right", 1)
	require.NoError(t, err)
	u, err := newUsers([]User{{Name: "admin", PasswordHash: hash}})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range cap(hashing) {
		hashing <- struct{}{}
	}
	_, err = u.login(ctx, "10.0.0.1", "admin", "right")
	for range cap(hashing) {
		<-hashing
	}
	assert.ErrorIs(t, err, context.Canceled)
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
