package backtrack

// operation says what an instruction does. Those that match consume what they match and go on with the next instruction, or fail.
type operation uint8

const (
	opMatched         operation = iota // the whole pattern has matched
	opText                             // matches text
	opTextBefore                       // matches text that ends here, going backward
	opSet                              // matches a character of set
	opSetBefore                        // matches a character of set that ends here, going backward
	opPeek                             // checks, without consuming it, whether a character of set is (or is not, if negated) next
	opPeekBefore                       // checks the character that ends here
	opBeginning                        // checks that this is where the text begins
	opRun                              // matches characters of set, as many as possible, then fewer
	opLazyRun                          // matches characters of set, as few as possible, then more
	opJump                             // goes on at target
	opTry                              // goes on with the next instruction, then at target
	opTryTarget                        // goes on at target, then with the next instruction
	opZero                             // sets register to 0
	opMark                             // sets register to the place in the text
	opForget                           // sets the registers from register up to end to -1
	opRepeat                           // begins a repetition or goes on at target, as the counter in register allows
	opRepeated                         // ends a repetition and goes on at target
	opCapture                          // remembers what a group has matched
	opReference                        // matches what a group has matched
	opReferenceBefore                  // matches what a group has matched, ending here, going backward
	opLook                             // begins to look ahead or behind
	opFound                            // what was looked for is there; goes on from where looking began
	opUnwanted                         // what was looked for is there and must not be
)

// instruction is an operation with what it needs.
type instruction struct {
	op          operation
	negated     bool
	lazy        bool
	ignoreCase  bool
	target      int32
	register    int32 // -1 if there is none
	end         int32
	least, most int32
	text        string
	set         *set
	next        *byteSet // what the text must go on with for the next instruction to match; nil if that is not known
	other       *byteSet // the same of target
}

// first returns what the text must go on with for an instruction to match; nil if anything will do.
func (in *instruction) first() *byteSet {
	switch in.op {
	case opText:
		var bytes byteSet
		bytes.put(in.text[0])
		return &bytes
	case opSet:
		return &in.set.leads
	case opRun, opLazyRun:
		if in.least > 0 {
			return &in.set.leads
		}
	}
	return nil
}
