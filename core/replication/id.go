package replication

import (
	"slices"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/internal/md5"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/internal/hex"
	"github.com/gouchdb/gouchdb/internal/order"
)

// idVersion stands in every replication id and checkpoint. Whoever changes what an id is made of takes the next one and looks
// checkpoints up under the old id too, or all replications of the world begin anew.
const idVersion = "1"

// replicationID names the checkpoints of a replication. Two replications share it only when the same documents flow between
// the same databases: otherwise one would skip what only the other has copied. function is the source text of the function that the feed is filtered by.
func replicationID(source, target string, options Options, function []byte) string {
	text := []byte(`["gouchdb",` + idVersion + `,`)
	text = rawjson.AppendString(text, source)
	text = append(text, ',')
	text = rawjson.AppendString(text, target)
	text = append(text, `,{`...)
	if options.DocIDs != nil {
		docIDs := slices.Clone(options.DocIDs)
		order.Values(docIDs)
		text = append(text, `"doc_ids":`...)
		text = rawjson.AppendQuoted(text, slices.Compact(docIDs))
		text = append(text, ',')
	}
	for _, part := range []struct {
		name  string
		value []byte
	}{
		{"selector", options.Selector},
		{"view", quotedUnlessEmpty(options.View)},
		{"design_filter", quotedUnlessEmpty(options.DesignFilter)},
		{"query_params", options.QueryParams},
		{"function", function},
	} {
		if part.value != nil {
			text = append(text, '"')
			text = append(text, part.name...)
			text = append(text, `":`...)
			text = appendSorted(text, part.value)
			text = append(text, ',')
		}
	}
	if options.DesignDocs {
		text = append(text, `"design_docs":true,`...)
	}
	if options.WinningRevsOnly {
		text = append(text, `"winning_revs_only":true,`...)
	}
	if options.Filter != nil {
		text = append(text, `"filter":`...)
		text = rawjson.AppendString(text, options.FilterName)
		text = append(text, ',')
	}
	text = append(text, `"since":`...)
	text = rawjson.AppendString(text, string(options.Since))
	text = append(text, "}]"...)
	sum := md5.Sum(text)
	return hex.Encode(sum[:])
}

func quotedUnlessEmpty(name string) []byte {
	if name == "" {
		return nil
	}
	return rawjson.AppendString(nil, name)
}

// identify asks both databases who they are.
func (r *replicator) identify() error {
	var identities [2]string
	for i, db := range []core.Adapter{r.source, r.target} {
		err := r.retry.do(r.ctx, "asking a database for its identity", func() (err error) {
			identities[i], err = db.Identity(r.ctx)
			return err
		})
		if err != nil {
			return err
		}
	}
	if identities[0] == identities[1] {
		return core.ErrBadRequest.Because("source and target are the same database")
	}
	var err error
	r.identities = identities
	r.filtered, err = r.filterSource()
	r.result.ReplicationID = replicationID(identities[0], identities[1], r.options, r.filtered)
	return err
}
