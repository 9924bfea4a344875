package rawjson

// NextToken returns where the first token at or after position i begins and ends: a bracket, a string with its quotes, a number,
// or a word. White space, commas and colons, which say nothing in valid text, are passed over. At the end of text, start equals len(text).
//
// Walking the tokens is how a whole value is read without recursion; [Members] and [Elements] read one level of it.
func NextToken(text []byte, i int) (start, end int) {
	for i < len(text) && (isSpace(text[i]) || text[i] == ',' || text[i] == ':') {
		i++
	}
	if i >= len(text) {
		return len(text), len(text)
	}
	switch text[i] {
	case '{', '}', '[', ']':
		return i, i + 1
	case '"':
		if end = skipString(text, i); end-i < 2 {
			return len(text), len(text)
		}
		return i, end
	}
	end = i + 1
	for end < len(text) && !endsWord(text[end]) {
		end++
	}
	return i, end
}

// endsWord reports whether c cannot be part of a number or a word.
func endsWord(c byte) bool {
	switch c {
	case ',', ':', ']', '}', '[', '{', '"':
		return true
	}
	return isSpace(c)
}
