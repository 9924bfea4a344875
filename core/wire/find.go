package wire

import (
	"strconv"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// AppendFindSummary appends the members that accompany the documents of a find, without braces: "bookmark":"nil".
func AppendFindSummary(dst []byte, summary core.FindSummary) []byte {
	dst = append(dst, `"bookmark":`...)
	dst = rawjson.AppendString(dst, summary.Bookmark)
	if stats := summary.Stats; stats != nil {
		dst = append(dst, `,"execution_stats":{"total_keys_examined":`...)
		dst = strconv.AppendInt(dst, int64(stats.KeysExamined), 10)
		dst = append(dst, `,"total_docs_examined":`...)
		dst = strconv.AppendInt(dst, int64(stats.DocsExamined), 10)
		dst = append(dst, `,"total_quorum_docs_examined":0,"results_returned":`...)
		dst = strconv.AppendInt(dst, int64(stats.ResultsReturned), 10)
		dst = append(dst, `,"execution_time_ms":`...)
		dst = rawjson.AppendNumber(dst, float64(stats.Time.Microseconds())/1000)
		dst = append(dst, '}')
	}
	if summary.Warning != "" {
		dst = append(dst, `,"warning":`...)
		dst = rawjson.AppendString(dst, summary.Warning)
	}
	return dst
}

// ParseFindSummary reads the answer to a find without its documents.
func ParseFindSummary(text []byte) (core.FindSummary, error) {
	var summary core.FindSummary
	if rawjson.KindOf(rawjson.Member(text, "docs")) != rawjson.Array {
		return summary, core.ErrNotCouchDB.Because("the answer to a find has no docs")
	}
	summary.Bookmark, _ = rawjson.Text(rawjson.Member(text, "bookmark"))
	summary.Warning, _ = rawjson.Text(rawjson.Member(text, "warning"))
	if stats := rawjson.Member(text, "execution_stats"); rawjson.KindOf(stats) == rawjson.Object {
		count := func(name string) int {
			n, _ := rawjson.Int(rawjson.Member(stats, name))
			return int(n)
		}
		milliseconds, _ := rawjson.Float(rawjson.Member(stats, "execution_time_ms"))
		summary.Stats = &core.ExecutionStats{
			KeysExamined:    count("total_keys_examined"),
			DocsExamined:    count("total_docs_examined"),
			ResultsReturned: count("results_returned"),
			Time:            time.Duration(milliseconds * float64(time.Millisecond)),
		}
	}
	return summary, nil
}

// AppendCreatedIndex appends the answer to the creation of an index.
func AppendCreatedIndex(dst []byte, created core.CreatedIndex) []byte {
	if created.Existed {
		dst = append(dst, `{"result":"exists","id":`...)
	} else {
		dst = append(dst, `{"result":"created","id":`...)
	}
	dst = rawjson.AppendString(dst, created.ID)
	dst = append(dst, `,"name":`...)
	dst = rawjson.AppendString(dst, created.Name)
	return append(dst, '}')
}

// ParseCreatedIndex reads the answer to the creation of an index.
func ParseCreatedIndex(text []byte) (core.CreatedIndex, error) {
	id, ok := rawjson.Text(rawjson.Member(text, "id"))
	name, named := rawjson.Text(rawjson.Member(text, "name"))
	if !ok || !named {
		return core.CreatedIndex{}, core.ErrNotCouchDB.Because("the answer to the creation of an index has no id or no name")
	}
	return core.CreatedIndex{ID: id, Name: name, Existed: rawjson.Is(rawjson.Member(text, "result"), "exists")}, nil
}

// AppendIndexes appends the answer to a request for the indexes: some of them, and how many there are.
func AppendIndexes(dst []byte, indexes []core.IndexDescription, total int) []byte {
	dst = append(dst, `{"total_rows":`...)
	dst = strconv.AppendInt(dst, int64(total), 10)
	dst = append(dst, `,"indexes":[`...)
	for i := range indexes {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendIndex(dst, &indexes[i])
	}
	return append(dst, "]}"...)
}

func appendIndex(dst []byte, index *core.IndexDescription) []byte {
	dst = append(dst, `{"ddoc":`...)
	if index.DesignDoc == "" {
		dst = append(dst, "null"...)
	} else {
		dst = rawjson.AppendString(dst, index.DesignDoc)
	}
	dst = append(dst, `,"name":`...)
	dst = rawjson.AppendString(dst, index.Name)
	dst = append(dst, `,"type":`...)
	dst = rawjson.AppendString(dst, index.Type)
	if index.DesignDoc != "" {
		dst = append(dst, `,"partitioned":`...)
		dst = rawjson.AppendBool(dst, index.Partitioned)
	}
	dst = append(dst, `,"def":`...)
	dst = append(dst, index.Definition...)
	return append(dst, '}')
}

// ParseIndexes reads the answer to a request for the indexes.
func ParseIndexes(text []byte) ([]core.IndexDescription, error) {
	list := rawjson.Member(text, "indexes")
	if rawjson.KindOf(list) != rawjson.Array {
		return nil, core.ErrNotCouchDB.Because("the answer to a request for indexes has none")
	}
	indexes := []core.IndexDescription{}
	for element := range rawjson.Elements(list) {
		var index core.IndexDescription
		index.DesignDoc, _ = rawjson.Text(rawjson.Member(element, "ddoc"))
		index.Name, _ = rawjson.Text(rawjson.Member(element, "name"))
		index.Type, _ = rawjson.Text(rawjson.Member(element, "type"))
		index.Partitioned, _ = rawjson.Bool(rawjson.Member(element, "partitioned"))
		index.Definition = append([]byte(nil), rawjson.Member(element, "def")...)
		if index.Name == "" || rawjson.KindOf(index.Definition) != rawjson.Object {
			return nil, core.ErrNotCouchDB.Because("an index has no name or no definition")
		}
		indexes = append(indexes, index)
	}
	return indexes, nil
}
