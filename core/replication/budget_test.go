package replication

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestBudget(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBudget(1000, 2)
		count, err := b.wait(t.Context(), 0)
		require.NoError(t, err)
		assert.Equal(t, cautiousFetch, count, "nothing is known yet")

		began := make(chan int, 1)
		go func() {
			count, err := b.wait(t.Context(), 1)
			assert.NoError(t, err)
			began <- count
		}()
		synctest.Wait()
		assert.Empty(t, began, "others wait for what the first fetch tells")

		b.take(100, 1900)
		assert.Equal(t, 52, <-began, "as many as fit in 1000 bytes, of 19 bytes each")
		b.take(1, 500) // now 2400 of 2000 are held

		_, err = b.wait(t.Context(), 0)
		assert.NoError(t, err, "the front goes on whatever is held")
		go func() {
			count, err := b.wait(t.Context(), 1)
			assert.NoError(t, err)
			began <- count
		}()
		synctest.Wait()
		assert.Empty(t, began)
		b.giveBack(1900)
		<-began

		b.take(1, 5000)
		go func() {
			count, err := b.wait(t.Context(), 1)
			assert.NoError(t, err)
			began <- count
		}()
		synctest.Wait()
		assert.Empty(t, began)
		b.moveFront(1)
		<-began

		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			_, err := b.wait(ctx, 2)
			ended <- err
		}()
		synctest.Wait()
		cancel()
		assert.ErrorIs(t, <-ended, context.Canceled)
	})
}

func TestLargeDocumentsAreFetchedOneByOne(t *testing.T) {
	t.Parallel()
	b := newBudget(1000, 1)
	b.take(1, 1_000_000)
	count, err := b.wait(t.Context(), 0)
	require.NoError(t, err)
	assert.Equal(t, 1, count)
}
