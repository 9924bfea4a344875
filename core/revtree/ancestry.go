package revtree

import "github.com/gouchdb/gouchdb/core"

// What [core.RevInfo] says about a revision.
const (
	available = "available"
	missing   = "missing"
	deleted   = "deleted"
)

// Ancestry returns a revision, wherever it stands, with all its known ancestors, newest first. Where branches share ancestors that can be
// more than the limit of revisions: CouchDB cuts what it shows as revs, but not revs_info, at the limit.
func (t Tree) Ancestry(rev core.Rev) (core.Revisions, bool) {
	place, found := t.find(rev)
	if !found {
		return core.Revisions{}, false
	}
	revisions := core.Revisions{Start: rev.Generation, Hashes: make([]string, 0, t.ancestors(place))}
	for {
		n := &t.nodes[place]
		revisions.Hashes = append(revisions.Hashes, n.rev.Hash)
		if n.parent == 0 {
			return revisions, true
		}
		place += int(n.parent)
	}
}

// RevsInfo tells of a revision and each of its ancestors, newest first, whether the body can be had. It is nil when the revision is unknown.
func (t Tree) RevsInfo(rev core.Rev) []core.RevInfo {
	place, found := t.find(rev)
	if !found {
		return nil
	}
	infos := make([]core.RevInfo, 0, t.ancestors(place))
	for {
		n := &t.nodes[place]
		info := core.RevInfo{Rev: n.rev, Status: missing}
		switch {
		case n.deleted:
			info.Status = deleted
		case n.body != 0:
			info.Status = available
		}
		infos = append(infos, info)
		if n.parent == 0 {
			return infos
		}
		place += int(n.parent)
	}
}

// ancestors counts a node and its ancestors.
func (t Tree) ancestors(place int) int {
	count := 1
	for t.nodes[place].parent != 0 {
		place += int(t.nodes[place].parent)
		count++
	}
	return count
}
