package rawjson

// Cursor goes through a text once. [Members] and [Elements] have to find the end of a value before they yield it, so that with them what lies deep within is
// looked at once for each level; with a Cursor one goes in.
type Cursor struct {
	text []byte
	at   int
}

// NewCursor returns a Cursor that stands before the value that text is.
func NewCursor(text []byte) Cursor { return Cursor{text: text, at: skipSpace(text, 0)} }

// Open goes into the [Array] or [Object] that begins here, before its first element or member. It reports false, and stays, when the value is of another kind.
func (c *Cursor) Open(kind Kind) bool {
	if c.at >= len(c.text) || KindOf(c.text[c.at:c.at+1]) != kind {
		return false
	}
	c.at++
	return true
}

// Next goes to the next element or member of what was opened last, over a comma. It reports false at the end, and stands behind that.
func (c *Cursor) Next() bool {
	c.at = skipSpace(c.text, c.at)
	if c.at < len(c.text) && c.text[c.at] == ',' {
		c.at = skipSpace(c.text, c.at+1)
	}
	if c.at >= len(c.text) {
		return false
	}
	if c.text[c.at] == ']' || c.text[c.at] == '}' {
		c.at++
		return false
	}
	return true
}

// Name goes over the name of a member to its value, and returns it with its quotes.
func (c *Cursor) Name() []byte {
	name := c.Value()
	if c.at = skipSpace(c.text, c.at); c.at < len(c.text) {
		c.at = skipSpace(c.text, c.at+1) // the colon
	}
	return name
}

// Value goes over a value and returns it.
func (c *Cursor) Value() []byte {
	start := c.at
	c.at = skipValue(c.text, start)
	return c.text[start:c.at]
}

// Rest returns all that follows, without white space around it: the value itself, where that is the last.
func (c *Cursor) Rest() []byte { return Trim(c.text[c.at:]) }
