package server

// multipartAnswer is an answer of several parts, each a JSON text. CouchDB's replicator reads documents in this form, which could
// carry their attachments behind them.
type multipartAnswer struct {
	out      *stream
	boundary string
}

// multipart begins such an answer. The preamble is what stands before the first boundary.
func (req *request) multipart(mediaType, preamble string) *multipartAnswer {
	boundary := newUUID()
	m := &multipartAnswer{out: req.stream(mediaType + `; boundary="` + boundary + `"`), boundary: boundary}
	m.out.text = append(m.out.text, preamble+"--"+boundary...)
	return m
}

func (m *multipartAnswer) document(text []byte) error { return m.part("application/json", text) }

func (m *multipartAnswer) failure(text []byte) error {
	return m.part(`application/json; error="true"`, text)
}

func (m *multipartAnswer) part(contentType string, text []byte) error {
	m.out.text = append(m.out.text, "\r\nContent-Type: "+contentType+"\r\n\r\n"...)
	m.out.text = append(m.out.text, text...)
	m.out.text = append(m.out.text, "\r\n--"+m.boundary...)
	return m.out.flushFull()
}

func (m *multipartAnswer) end() error {
	m.out.text = append(m.out.text, "--"...)
	return m.out.end()
}
