package server_test

import (
	"fmt"
	"testing"
)

const (
	notLookedInto = "design documents are taken as they are: what is wrong with one shows when it is used"
	needsUsersDB  = "users come from the configuration, not from a database"
	oneNode       = "there is one node, and no shards"
)

func TestGoldenHTTP(t *testing.T) {
	t.Parallel()
	replayed{
		file: "http.json",
		leftOut: map[string]string{
			"update_show_list": "functions that make pages, or documents of requests, are not run here",
		},
		stripped: map[int]bool{172: true, 316: true, 320: true},
		written: map[string]func(*testing.T, *testServer, []recorded){
			"changes_feeds":   numbered("c", 4),
			"changes_filters": writeFilterDocuments,
			"validate_doc_update": func(t *testing.T, s *testServer, _ []recorded) {
				s.ok(t, "PUT", "/gold_db/_security", `{"admins":{"names":[],"roles":[]},"members":{"names":[],"roles":[]}}`)
			},
			"query_errors": func(t *testing.T, s *testServer, cases []recorded) {
				numbered("q", 3)(t, s, cases)
				s.ok(t, "POST", "/gold_db/_bulk_docs", `{"new_edits":false,"docs":[`+recordedDocument(t, cases, 917, "_design/q")+`]}`)
			},
		},
		exceptions: []exception{
			{23, 23, 401, "the reason names a kind of user that is not known here"},
			{29, 29, 404, "there is no Fauxton here"},
			{182, 182, 409, "CouchDB takes an edit of an unknown revision of an unknown document by PUT; here it is a conflict, as it is in _bulk_docs there"},
			{190, 190, 409, "as 182"},
			{265, 265, 200, "lacks the documents of 182 and 190"},
			{347, 347, 201, oneNode},
			{368, 369, 501, oneNode},
			{438, 449, 0, notLookedInto},
			{452, 457, 0, notLookedInto},
			{462, 464, 0, notLookedInto},
			{467, 468, 0, notLookedInto},
			{470, 475, 0, notLookedInto},
			{502, 502, 403, "a reason that is no text is told as the text of its JSON"},
			{512, 512, 201, "errors of functions are called function_error, and say what was thrown"},
			{519, 519, 201, "text is not compressed, so that its digest, and with it the revision, is another"},
			{558, 559, 200, "CouchDB looks at one document beyond the limit when it filters"},
			{636, 636, 0, "CouchDB gave no answer"},
			{644, 644, 200, "plain numbers are sequences here"},
			{647, 647, 200, "plain numbers are sequences here"},
			{660, 660, 401, "there is no page to send a browser to"},
			{709, 709, 0, needsUsersDB},
			{711, 714, 404, needsUsersDB},
			{747, 747, 401, "replication by the server comes later"},
			{750, 754, 404, needsUsersDB},
			{763, 763, 401, "only origins that were configured may send requests"},
			{768, 769, 200, "only origins that were configured may read answers"},
			{824, 825, 400, "there is nothing about it in the log, so that there is no reference to it"},
			{928, 928, 200, "plain numbers are sequences here"},
			{931, 931, 200, "a sequence of another database begins the feed at the beginning"},
		},
	}.run(t)
}

// writeFilterDocuments writes what the group changes_filters was recorded on, with the recorded revisions: not all of the
// bodies can be seen in it.
func writeFilterDocuments(t *testing.T, s *testServer, cases []recorded) {
	revs := []string{"1-8d37cbba542c7d7132d0f00dbd80bb83", "1-a", "1-9aa943b0b8b0b25c207d1fe5287bac66", "1-a", "1-24108efc37d7c197000554c4dbd92fb6",
		"1-e512fcb13d3c4160f2befec2f77ecd70", "1-2adafb81a8284378bfa7f687d8b6a767", "1-fec975689bdcdcb9669b3ce0e6857013"}
	write := func(doc string) {
		s.ok(t, "POST", "/gold_db/_bulk_docs", `{"new_edits":false,"docs":[`+doc+`]}`)
	}
	for i, rev := range revs {
		kind := []string{"even", "odd"}[i%2]
		write(fmt.Sprintf(`{"_id":"f%d","_rev":%q,"n":%d,"type":%q,"w":%q}`, i, rev, i, kind, map[int]string{5: "beta5", 7: "willow61"}[i]))
	}
	write(recordedDocument(t, cases, 578, "_design/flt"))
	write(`{"_id":"f3","_deleted":true,"_revisions":{"start":2,"ids":["9f0c687340a2f454e9ddf55f02c411fd","a"]}}`)
	write(`{"_id":"f1","n":1,"type":"odd","w":"basil73","upd":true,"_revisions":{"start":2,"ids":["a2f734d61f4dbd4705e10b8c701b101e","a"]}}`)
}

func TestGoldenNewEdits(t *testing.T) {
	t.Parallel()
	replayed{
		file: "newedits.json",
		exceptions: []exception{
			{105, 105, 409, "CouchDB takes an edit of an unknown revision of an unknown document by PUT; here it is a conflict, as it is in _bulk_docs there"},
			{109, 109, 200, "follows from 105"},
			{330, 330, 400, "a _revisions with more ids than generations contradicts itself and is refused"},
			{331, 331, 404, "follows from 330"},
			{351, 351, 409, "as 105, by POST"},
			{357, 357, 200, "follows from 330 and 351"},
		},
	}.run(t)
}

func TestGoldenAllDocsChanges(t *testing.T) {
	t.Parallel()
	replayed{
		file:     "alldocs_changes.json",
		leftOut:  map[string]string{"partitioned": "databases are not partitioned here"},
		stripped: map[int]bool{27: true},
		exceptions: []exception{
			{132, 132, 200, "which rows have a sequence is the server's choice: here the first, and every nth after it"},
			{133, 133, 200, "as 132"},
			{149, 149, 200, "leaves come ascending, as from open_revs; CouchDB shows the order inside its trees"},
			{156, 156, 200, "CouchDB fails; here the row says what is wrong"},
			{188, 188, 200, "of revisions asked for twice, CouchDB reports known ones as missing"},
			{236, 236, 501, "the purges that were made are not listed"},
			{237, 238, 0, "the long body is not in the recording: TestPurgeLimits has one"},
			{257, 257, 200, "a new security object takes no sequence here"},
			{259, 259, 200, "as 257"},
			{261, 261, 200, "as 257"},
			{263, 263, 200, "as 257"},
		},
	}.run(t)
}
