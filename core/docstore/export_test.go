package docstore

// BuildInSteps makes the steps of building indexes small.
func (db *DB) BuildInSteps(docs int) { db.indexer.stepDocs = docs }

// UpdateViewsInSteps makes the steps of updating views small.
func (db *DB) UpdateViewsInSteps(docs int) { db.views.stepDocs = docs }

// AwaitIndexer waits until no indexes are being built.
func (db *DB) AwaitIndexer() {
	db.indexer.mutex.Lock()
	ended := db.indexer.ended
	db.indexer.mutex.Unlock()
	if ended != nil {
		<-ended
	}
}
