package server

import "net/http"

// streamPiece is how many bytes of a stream are gathered before they are sent.
const streamPiece = 32 << 10

// stream is an answer of unknown length. Until the first piece is sent, an error can still take its place.
type stream struct {
	req         *request
	contentType string
	text        []byte // not sent yet; callers append to it
}

func (req *request) stream(contentType string) *stream {
	return &stream{req: req, contentType: contentType}
}

func (s *stream) header() {
	if s.req.answer.begun() {
		return
	}
	header := s.req.answer.Header()
	header.Set("Content-Type", s.contentType)
	if header.Get("Cache-Control") == "" {
		header.Set("Cache-Control", "must-revalidate")
	}
	s.req.answer.WriteHeader(http.StatusOK)
}

func (s *stream) write() error {
	s.header()
	if len(s.text) == 0 || s.req.Method == http.MethodHead {
		s.text = s.text[:0]
		return nil
	}
	_, err := s.req.answer.Write(s.text)
	s.text = s.text[:0]
	return err
}

// flushFull sends what has been gathered when it is enough.
func (s *stream) flushFull() error {
	if len(s.text) < streamPiece {
		return nil
	}
	return s.write()
}

// flush sends what has been gathered, now and through all buffers.
func (s *stream) flush() error {
	if err := s.write(); err != nil {
		return err
	}
	return s.req.answer.Flush()
}

// end sends the rest. An answer that fits into one piece gets its length said.
func (s *stream) end() error {
	if !s.req.answer.begun() {
		s.req.answer.Header().Set("Content-Length", itoa(len(s.text)))
	}
	return s.write()
}
