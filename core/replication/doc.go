// Package replication copies what one database has and another lacks: all leaves of all documents, deleted ones too, with
// their ancestry. It works between any two [core.Adapter]s; replicated writes are idempotent and commute, so it may be
// interrupted, repeated, or run in both directions at once, and databases that replicate with each other end up equal.
//
// [Run] is a pipeline. Pages of the source's changes feed become batches, in order. Several batches at a time are prepared:
// the target tells which revisions it lacks, the source hands them out, in chunks bounded by bytes. One writer takes the
// batches in their order, writes them, and from time to time commits a checkpoint: a note on both sides that everything up
// to a sequence has arrived, from which the next run goes on.
//
// Two rules keep documents from being lost. A checkpoint never passes a document that was not durably written, unless the
// target refused it. And a run begins only where both sides agree that they have been.
package replication
