package core_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gouchdb/gouchdb/core"
)

func TestErrorsMatchByStatusAndName(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("writing: %w", core.ErrConflict.Of("doc").Because("another reason").From(context.Canceled))
	assert.ErrorIs(t, err, core.ErrConflict)
	assert.ErrorIs(t, err, context.Canceled, "the cause is found too")
	assert.NotErrorIs(t, err, core.ErrMissing)
	assert.ErrorIs(t, core.ErrDeleted, core.ErrMissing)
	assert.NotErrorIs(t, core.ErrClosed, core.ErrExists, "the same status under another name")
	assert.EqualError(t, err, "writing: conflict: another reason (document doc): context canceled")
	assert.EqualError(t, core.ErrInternal, "internal_server_error")
}

func TestErrorsAreCopiedNotChanged(t *testing.T) {
	t.Parallel()
	before := *core.ErrMissing
	changed := core.ErrMissing.Of("a").Because("b").From(context.Canceled)
	assert.Equal(t, before, *core.ErrMissing)
	assert.Equal(t, "a", changed.ID)
	assert.Equal(t, "b", changed.Reason)
	assert.Equal(t, context.Canceled, errors.Unwrap(changed))
	assert.NoError(t, errors.Unwrap(core.ErrMissing))
}

func TestAsError(t *testing.T) {
	t.Parallel()
	assert.Nil(t, core.AsError(nil))
	assert.Same(t, core.ErrConflict, core.AsError(core.ErrConflict))
	assert.Same(t, core.ErrConflict, core.AsError(fmt.Errorf("writing: %w", core.ErrConflict)))
	other := core.AsError(context.DeadlineExceeded)
	assert.ErrorIs(t, other, core.ErrInternal)
	assert.ErrorIs(t, other, context.DeadlineExceeded)
}
