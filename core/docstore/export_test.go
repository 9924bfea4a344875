package docstore

// BuildInSteps makes the steps of building indexes small.
func (db *DB) BuildInSteps(docs int) { db.indexer.stepDocs = docs }
