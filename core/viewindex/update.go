package viewindex

import (
	"bytes"

	"github.com/gouchdb/gouchdb/core/mapreduce"
)

// updateNodes makes the nodes anew that changed rows belong to, level by level.
func (a *application) updateNodes(m int, touched []touch) error {
	if len(touched) == 0 {
		return nil
	}
	k, err := newMaker(a.x.Reduces[m])
	if err != nil {
		return err
	}
	u := nodeUpdate{application: a, m: m, maker: k}
	for level, due := 1, touched; ; level++ {
		top, err := u.level(level, due)
		if err != nil {
			return err
		}
		if top {
			return u.dropAbove(level, touched)
		}
		due = u.next
	}
}

type nodeUpdate struct {
	*application
	m     int
	maker *maker
	next  []touch // what a level has touched, for the level above
}

// level brings one level up to date, and reports whether it is the highest: it has only the node that begins with the first row.
func (u *nodeUpdate) level(level int, touched []touch) (top bool, err error) {
	u.next = nil
	// First which nodes there are, since that tells where the others end.
	for _, t := range touched {
		if !t.begins(level) {
			continue
		}
		key := u.x.nodeKey(u.m, level, t.row)
		if t.vanished {
			u.tx.Delete(key)
		} else if t.appeared {
			u.tx.Put(key, nil)
		}
	}
	dirty := map[string]touch{}
	for _, t := range touched {
		from, err := u.floor(level, t)
		if err != nil {
			return false, err
		}
		dirty[string(from)] = touch{row: from}
		if t.appeared && t.begins(level) {
			dirty[string(t.row)] = touch{row: t.row}
		}
	}
	for _, t := range dirty {
		if err := u.remake(level, t.row); err != nil {
			return false, err
		}
	}
	if first, err := u.after(level, nil); err != nil || first == nil {
		return true, err
	}
	for _, t := range touched {
		if t.begins(level + 1) {
			dirty[string(t.row)] = t
		}
	}
	for _, t := range dirty {
		u.next = append(u.next, t)
	}
	return false, nil
}

// begins reports whether a row that came or went begins a node of a level, and so takes part in where nodes begin and end.
func (t touch) begins(level int) bool {
	return (t.appeared || t.vanished) && mapreduce.Level(t.row) >= level
}

// floor returns where the node begins that a touched row is in; for one that begins a node, or did, where the node before begins.
func (u *nodeUpdate) floor(level int, t touch) ([]byte, error) {
	r := u.x.nodes(u.m, level, mapreduce.Range{To: t.row})
	if !t.begins(level) {
		r.To = append(r.To, 0)
	}
	r.Reverse, r.KeysOnly = true, true
	prefix := len(r.From)
	for entry, err := range u.tx.Scan(u.ctx, r) {
		if err != nil {
			return nil, err
		}
		return bytes.Clone(entry.Key[prefix:]), nil
	}
	return nil, nil
}

// after returns where the next node of a level begins, nil when there is none.
func (u *nodeUpdate) after(level int, row []byte) ([]byte, error) {
	r := u.x.nodes(u.m, level, mapreduce.Range{})
	prefix := len(r.From)
	r.From = append(append(r.From, row...), 0)
	r.KeysOnly = true
	for entry, err := range u.tx.Scan(u.ctx, r) {
		if err != nil {
			return nil, err
		}
		return bytes.Clone(entry.Key[prefix:]), nil
	}
	return nil, nil
}

// remake makes a node of what is in it now.
func (u *nodeUpdate) remake(level int, from []byte) error {
	to, err := u.after(level, from)
	if err != nil {
		return err
	}
	u.maker.reset()
	within := mapreduce.Range{From: from, To: to}
	if level == 1 {
		err = u.addRows(within)
	} else {
		err = u.addNodes(level-1, within)
	}
	if err != nil {
		return err
	}
	key := u.x.nodeKey(u.m, level, from)
	if u.maker.rows == 0 && len(from) == 0 && to == nil {
		u.tx.Delete(key) // there are no rows at all
		return nil
	}
	n, err := u.maker.node(u.state.Version)
	if err != nil {
		return err
	}
	u.tx.Put(key, n.append(nil))
	return nil
}

func (u *nodeUpdate) addRows(within mapreduce.Range) error {
	r := u.x.rows(u.m, within)
	r.KeysOnly = !u.maker.values
	prefix := len(u.x.rowKey(u.m, nil))
	for entry, err := range u.tx.Scan(u.ctx, r) {
		if err == nil {
			err = u.maker.addRow(entry.Key[prefix:], entry.Value)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (u *nodeUpdate) addNodes(level int, within mapreduce.Range) error {
	for entry, err := range u.tx.Scan(u.ctx, u.x.nodes(u.m, level, within)) {
		if err != nil {
			return err
		}
		n, err := readNode(entry.Value)
		if err == nil {
			err = u.maker.addNode(&n)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// dropAbove removes the levels above the highest.
func (u *nodeUpdate) dropAbove(highest int, touched []touch) error {
	for _, t := range touched {
		for level := mapreduce.Level(t.row); t.vanished && level > highest; level-- {
			u.tx.Delete(u.x.nodeKey(u.m, level, t.row))
		}
	}
	for level := highest + 1; ; level++ {
		key := u.x.nodeKey(u.m, level, nil)
		if _, found, err := u.tx.Get(u.ctx, key); err != nil || !found {
			return err
		}
		u.tx.Delete(key)
	}
}
