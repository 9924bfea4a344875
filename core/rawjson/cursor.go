package rawjson

// Cursor goes through a text once. [Members] and [Elements] have to find the end of a value before they yield it, so that with them what lies deep within is
// looked at once for each level; with a Cursor one goes in.
type Cursor struct {
	Text []byte
	At   int // where it stands. Who reads a value there by other means sets it to where that ends
}

// NewCursor returns a Cursor that stands before the value that text is.
func NewCursor(text []byte) Cursor { return Cursor{Text: text, At: skipSpace(text, 0)} }

// Open goes into the [Array] or [Object] that begins here, before its first element or member. It reports false, and stays, when the value is of another kind.
func (c *Cursor) Open(kind Kind) bool {
	if c.At >= len(c.Text) || KindOf(c.Text[c.At:c.At+1]) != kind {
		return false
	}
	c.At++
	return true
}

// Next goes to the next element or member of what was opened last, over a comma. It reports false at the end, and stands behind that.
func (c *Cursor) Next() bool {
	c.At = skipSpace(c.Text, c.At)
	if c.At < len(c.Text) && c.Text[c.At] == ',' {
		c.At = skipSpace(c.Text, c.At+1)
	}
	if c.At >= len(c.Text) {
		return false
	}
	if c.Text[c.At] == ']' || c.Text[c.At] == '}' {
		c.At++
		return false
	}
	return true
}

// Name goes over the name of a member to its value, and returns it with its quotes.
func (c *Cursor) Name() []byte {
	name := c.Value()
	if c.At = skipSpace(c.Text, c.At); c.At < len(c.Text) {
		c.At = skipSpace(c.Text, c.At+1) // the colon
	}
	return name
}

// Value goes over a value and returns it.
func (c *Cursor) Value() []byte {
	start := c.At
	c.At = skipValue(c.Text, start)
	return c.Text[start:c.At]
}

// Rest returns all that follows, without white space around it: the value itself, where that is the last.
func (c *Cursor) Rest() []byte { return Trim(c.Text[c.At:]) }
