package replication_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/replication"
)

func BenchmarkFirstRun(b *testing.B) {
	source := open(b)
	fill(b, source, 0, 10_000)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		target := open(b)
		b.StartTimer()
		result, err := replication.Run(context.Background(), source, target, replication.Options{Checkpoint: replication.CheckpointTarget})
		require.NoError(b, err)
		require.Equal(b, 10_000, result.DocsWritten)
	}
}

// BenchmarkNothingNew goes over 10,000 changes that the target knows, without the help of a checkpoint.
func BenchmarkNothingNew(b *testing.B) {
	source, target := open(b), open(b)
	fill(b, source, 0, 10_000)
	fill(b, target, 0, 10_000)
	b.ReportAllocs()
	for b.Loop() {
		result, err := replication.Run(context.Background(), source, target, replication.Options{Checkpoint: replication.CheckpointNone})
		require.NoError(b, err)
		require.Equal(b, 10_000, result.MissingChecked)
		require.Zero(b, result.DocsWritten)
	}
}
