package core

// Seq is a position in a database's changes feed: opaque text, meaningful only to the database it came from. It is never
// compared, ordered or calculated with. The empty Seq stands before the first change.
type Seq string

// Now as [ChangesOptions].Since begins the feed after the newest change.
const Now Seq = "now"
