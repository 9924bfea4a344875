package mapreduce

import (
	"encoding/binary"
	"math"
	"math/bits"
	"slices"
	"strconv"

	"github.com/gouchdb/gouchdb/internal/order"
)

// distinct is _approx_count_distinct: how many different keys there are. Up to a few hundred it counts the hashes of keys; beyond that it is a HyperLogLog with CouchDB's
// precision, whose standard error is 2.3 %.
type distinct struct {
	hashes    []uint32 // ascending, once they are sorted
	sorted    bool
	registers []byte // nil as long as hashes are counted
}

const (
	precision = 11 // bits
	registers = 1 << precision
	maxHashes = 256
)

func (d *distinct) Reset() { d.hashes, d.sorted, d.registers = d.hashes[:0], false, nil }

func (d *distinct) AddRow(key, _ []byte) { d.add(uint32(hash(key) >> 32)) }

func (d *distinct) add(h uint32) {
	if d.registers != nil {
		d.register(h)
		return
	}
	if n := len(d.hashes); n > 0 && d.hashes[n-1] == h {
		return // rows come in the order of their keys
	}
	d.hashes = append(d.hashes, h)
	d.sorted = false
	if len(d.hashes) >= 2*maxHashes {
		d.settle()
	}
}

// settle sorts the hashes, and goes over to registers when there are too many.
func (d *distinct) settle() {
	if d.registers != nil || d.sorted {
		return
	}
	order.Values(d.hashes)
	d.hashes = slices.Compact(d.hashes)
	d.sorted = true
	if len(d.hashes) > maxHashes {
		d.toRegisters()
	}
}

func (d *distinct) toRegisters() {
	d.registers = make([]byte, registers)
	for _, h := range d.hashes {
		d.register(h)
	}
	d.hashes = d.hashes[:0]
}

func (d *distinct) register(h uint32) {
	place, rest := h>>(32-precision), h<<precision
	rank := byte(min(bits.LeadingZeros32(rest), 32-precision) + 1)
	d.registers[place] = max(d.registers[place], rank)
}

// A state is a byte that tells which kind it is, and the hashes or the registers.
const (
	stateOfHashes    = 0
	stateOfRegisters = 1
)

func (d *distinct) AppendState(dst []byte) []byte {
	d.settle()
	if d.registers != nil {
		return append(append(dst, stateOfRegisters), d.registers...)
	}
	dst = append(dst, stateOfHashes)
	for _, h := range d.hashes {
		dst = binary.BigEndian.AppendUint32(dst, h)
	}
	return dst
}

func (d *distinct) AddState(state []byte) error {
	if len(state) == 0 {
		return errState
	}
	kind, state := state[0], state[1:]
	switch {
	case kind == stateOfHashes && len(state)%4 == 0:
		for ; len(state) > 0; state = state[4:] {
			d.add(binary.BigEndian.Uint32(state))
		}
	case kind == stateOfRegisters && len(state) == registers:
		if d.registers == nil {
			d.toRegisters()
		}
		for i, rank := range state {
			d.registers[i] = max(d.registers[i], rank)
		}
	default:
		return errState
	}
	return nil
}

func (d *distinct) AppendResult(dst []byte) []byte {
	d.settle()
	if d.registers == nil {
		return strconv.AppendInt(dst, int64(len(d.hashes)), 10)
	}
	const m = float64(registers)
	total, empty := 0.0, 0
	for _, rank := range d.registers {
		total += math.Ldexp(1, -int(rank))
		if rank == 0 {
			empty++
		}
	}
	estimate := 0.7213 / (1 + 1.079/m) * m * m / total
	if estimate <= 2.5*m && empty > 0 {
		estimate = m * math.Log(m/float64(empty))
	}
	return strconv.AppendInt(dst, int64(math.Round(estimate)), 10)
}
