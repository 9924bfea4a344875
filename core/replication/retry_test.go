package replication

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gouchdb/gouchdb/core"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	names := map[verdict]string{verdictFatal: "fatal", verdictRetry: "retry", verdictSlower: "slower", verdictDenied: "denied", verdictDivide: "divide", verdictMissing: "missing"}
	for want, errs := range map[string][]*core.Error{
		"retry":   {core.ErrUnreachable, core.ErrInternal, core.ErrStorage, core.NewError(408, "timeout", ""), core.NewError(502, "bad_gateway", ""), core.NewError(504, "timeout", "")},
		"slower":  {core.NewError(429, "too_many_requests", "")},
		"denied":  {core.ErrUnauthorized, core.ErrForbidden},
		"divide":  {core.ErrTooLarge, core.ErrBadRequest, core.ErrIllegalDocID, core.ErrDocValidation, core.NewError(412, "missing_stub", ""), core.ErrNotImplemented},
		"missing": {core.ErrMissing, core.ErrDeleted, core.ErrNoDatabase},
		"fatal":   {core.ErrClosed, core.ErrCorrupt, core.ErrNewerFormat, core.ErrStorageFull, core.ErrLocked, core.ErrNotCouchDB, core.ErrConflict, core.NewError(405, "method_not_allowed", "")},
	} {
		for _, err := range errs {
			assert.Equal(t, want, names[judge(err)], "%v", err)
		}
	}
}

// fixedClock does not wait, it notes for how long it should.
type fixedClock struct{ slept []time.Duration }

func (c *fixedClock) Now() time.Time { return time.Time{} }
func (c *fixedClock) Sleep(ctx context.Context, d time.Duration) error {
	c.slept = append(c.slept, d)
	return ctx.Err()
}

type pacingError struct{ after time.Duration }

func (e pacingError) Error() string             { return "slow down" }
func (e pacingError) RetryAfter() time.Duration { return e.after }

func TestRetry(t *testing.T) {
	t.Parallel()
	busy := core.NewError(429, "too_many_requests", "")
	for _, test := range []struct {
		name   string
		random uint64
		errs   []error // of the calls, then success
		slept  []time.Duration
		want   error
	}{
		{"success", 0, nil, nil, nil},
		{"passing failures", 0, []error{core.ErrUnreachable, core.ErrInternal}, []time.Duration{50, 100}, nil},
		{"errors without a status", 0, []error{errors.New("strange")}, []time.Duration{50}, nil},
		{"all attempts", 0, []error{core.ErrUnreachable, core.ErrUnreachable, core.ErrUnreachable, core.ErrUnreachable}, []time.Duration{50, 100, 200}, core.ErrUnreachable},
		{"chance adds up to half", 50, []error{core.ErrUnreachable}, []time.Duration{100}, nil},
		{"pacing spends no attempts and stays within the limit", 0, []error{busy, busy, busy, busy, busy, core.ErrUnreachable}, []time.Duration{50, 100, 200, 250, 250, 250}, nil},
		{"as long as the server wants", 0, []error{busy.From(pacingError{7000})}, []time.Duration{7000}, nil},
		{"no shorter than our own pace", 0, []error{busy.From(pacingError{1})}, []time.Duration{50}, nil},
		{"not for errors that stay", 0, []error{core.ErrUnauthorized}, nil, core.ErrUnauthorized},
		{"full storage", 0, []error{core.ErrStorageFull}, nil, core.ErrStorageFull},
	} {
		t.Run(test.name, func(t *testing.T) {
			clock := &fixedClock{}
			told := 0
			r := retrier{
				policy: RetryPolicy{Attempts: 4, MinDelay: 100, MaxDelay: 500}, clock: clock,
				random: func() uint64 { return test.random }, onRetry: func(*core.Error, time.Duration) { told++ },
			}
			calls := 0
			err := r.do(t.Context(), "testing", func() error {
				calls++
				if calls <= len(test.errs) {
					return test.errs[calls-1]
				}
				return nil
			})
			assert.ErrorIs(t, err, test.want)
			if test.want != nil {
				assert.ErrorContains(t, err, "replication: testing: ")
			}
			assert.Equal(t, test.slept, clock.slept)
			assert.Equal(t, len(test.slept), told)
		})
	}
}

func TestRetryEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	r := retrier{policy: RetryPolicy{Attempts: 4, MinDelay: time.Hour, MaxDelay: time.Hour}, clock: systemClock{},
		random: func() uint64 { return 0 }, onRetry: func(*core.Error, time.Duration) { cancel() }}
	calls := 0
	err := r.do(ctx, "testing", func() error { calls++; return core.ErrUnreachable })
	assert.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 1, calls)
	err = r.do(ctx, "testing", func() error { calls++; return nil })
	assert.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 1, calls, "not even begun")
}
