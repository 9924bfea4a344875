package logkv

import "time"

// SetGrace shortens how long calls wait for a device that does not answer.
func (s *Store) SetGrace(d time.Duration) { s.grace = d }

// CacheSize returns the bytes that the cache holds.
func (s *Store) CacheSize() int {
	return s.cache.bytes()
}

// NewerVersion is that of a format which is not known yet.
const NewerVersion = formatVersion + 1

// Reseal gives a record or chunk whose bytes were changed a checksum that fits.
func Reseal(data []byte) []byte { return appendChecksum(data[:len(data)-checksumSize]) }

// DropCache empties the cache.
func (s *Store) DropCache() { s.cache.clear() }

// Waiting returns how many readers wait for a record that another one reads.
func (s *Store) Waiting() int {
	s.fetches.mutex.Lock()
	defer s.fetches.mutex.Unlock()
	waiting := 0
	for _, f := range s.fetches.underWay {
		waiting += f.waiting
	}
	return waiting
}
