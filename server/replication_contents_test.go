package server_test

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Of bodies above 4 KB the recordings hold the beginning and the length. What follows is known: contents, which may be any bytes of that length, and documents that were written
// to the source. So it is made up, and with it the digests and revisions that follow from contents.

// trimmedText is the one text among the recorded attachments, gzipTrimmed the digest that CouchDB, which compresses texts, gives it.
const (
	trimmedText = "willow basil ember orchid basil quartz willow willow basil harbor orchid violet falcon pepper alpha timber fjord stone fjord harbor pepper otter cloud cedar amber " +
		"quartz harbor ember pepper quartz cedar ember saddle pepper basil saddle gamma pepper stone meadow meadow beta copper delta violet delta gamma meadow dune meadow cloud " +
		"zephyr timber orchid velvet grove violet cedar"
	gzipTrimmed = "md5-IDAU2UHKs/XFSVrgWlW0tw=="
)

type attached struct {
	ContentType string `json:"content_type"`
	Data        string `json:"data"`
	Digest      string `json:"digest,omitempty"`
	Length      int    `json:"length,omitempty"`
	Follows     bool   `json:"follows,omitempty"`
}

// content is what stands in for the attachment's.
func (a attached) content() []byte {
	if a.ContentType == "text/plain" {
		return []byte(trimmedText)
	}
	return make([]byte, a.Length)
}

func digest(content []byte) string {
	sum := md5.Sum(content)
	return "md5-" + base64.StdEncoding.EncodeToString(sum[:])
}

// complete makes up what was cut from a recording.
func (p *peer) complete(t *testing.T, recording *transcript) {
	p.replay.revs[gzipTrimmed] = digest([]byte(trimmedText))
	for i := range recording.Written {
		recording.Written[i].BulkDocs = p.completeWrite(t, recording.Written[i].BulkDocs)
	}
	for i := range recording.Transcript {
		c := &recording.Transcript[i]
		switch {
		case c.ReqLength == 0:
		case c.ReqB64 != nil:
			p.completeRelated(t, c)
		case strings.Contains(*c.ReqText, `"_attachments"`):
			completeInline(t, c)
		default:
			completeBatch(t, recording, i)
		}
	}
}

// completeWrite puts contents into what was written to the source before the replication.
func (p *peer) completeWrite(t *testing.T, bulkDocs json.RawMessage) json.RawMessage {
	if !strings.Contains(string(bulkDocs), "<trimmed>") {
		return bulkDocs
	}
	var body struct {
		Docs []struct {
			ID          string                     `json:"_id"`
			V           int                        `json:"v,omitempty"`
			Attachments map[string]json.RawMessage `json:"_attachments,omitempty"`
		} `json:"docs"`
	}
	require.NoError(t, json.Unmarshal(bulkDocs, &body))
	text := string(bulkDocs)
	for _, doc := range body.Docs {
		for _, raw := range doc.Attachments {
			var a attached
			require.NoError(t, json.Unmarshal(raw, &a))
			if a.Data != "<trimmed>" {
				continue
			}
			content := a.content()
			require.Len(t, content, a.Length)
			p.replay.revs[a.Digest] = digest(content)
			whole, err := json.Marshal(attached{ContentType: a.ContentType, Data: base64.StdEncoding.EncodeToString(content)})
			require.NoError(t, err)
			text = strings.Replace(text, string(raw), string(whole), 1)
		}
	}
	return json.RawMessage(text)
}

// completeRelated goes on with the contents that follow a document.
func (p *peer) completeRelated(t *testing.T, c *transcribed) {
	head, err := base64.StdEncoding.DecodeString(*c.ReqB64)
	require.NoError(t, err)
	const separator = "\r\n--<boundary>"
	document, rest, _ := strings.Cut(strings.TrimPrefix(string(head), "--<boundary>\r\nContent-Type: application/json\r\n\r\n"), separator)
	var doc struct {
		Attachments map[string]attached `json:"_attachments"`
	}
	require.NoError(t, json.Unmarshal([]byte(document), &doc))
	first, _, _ := strings.Cut(rest, "\r\n\r\n")
	body := "--<boundary>\r\nContent-Type: application/json\r\n\r\n" + document
	for _, name := range []string{"big.bin", "mid.bin"} {
		a := doc.Attachments[name]
		header := fmt.Sprintf("\r\nContent-Disposition: attachment; filename=%q\r\nContent-Type: %s\r\nContent-Length: %d", name, a.ContentType, a.Length)
		if name == "big.bin" {
			require.Equal(t, first, header, "as it was recorded")
		}
		content := a.content()
		body += separator + header + "\r\n\r\n" + string(content)
		body = strings.Replace(body, a.Digest, digest(content), 1)
	}
	body += separator + "--"
	require.Len(t, body, c.ReqLength)
	whole := base64.StdEncoding.EncodeToString([]byte(body))
	c.ReqB64 = &whole
}

// completeInline goes on with a bulk write that was cut within a content.
func completeInline(t *testing.T, c *transcribed) {
	const recorded = "<trimmed>"
	head := strings.TrimSuffix(*c.ReqText, recorded)
	at := strings.LastIndex(head, `"data":"`) + len(`"data":"`)
	require.Contains(t, head[:at], `"big.bin":{"data":"`)
	attachment := func(contentType string, length int) string {
		content := make([]byte, length)
		return fmt.Sprintf(`%s","digest":%q,"content_type":%q,"revpos":1}`, base64.StdEncoding.EncodeToString(content), digest(content), contentType)
	}
	const hash = "e76806dafac207a74af236ca8491f475" // as the question before it has it
	whole := head[:at] + attachment("application/octet-stream", 150000) + `,"mid.bin":{"data":"` + attachment("image/png", 70000) +
		`},"_id":"large","_rev":"1-` + hash + `","_revisions":{"start":1,"ids":["` + hash + `"]}}],"new_edits":false}`
	require.Len(t, whole, c.ReqLength)
	c.ReqText = &whole
}

// completeBatch goes on with a bulk write of the documents that the request before it asked about, the last first.
func completeBatch(t *testing.T, recording *transcript, at int) {
	c, asked := &recording.Transcript[at], recording.Transcript[at-1]
	require.Contains(t, asked.Path, "_revs_diff")
	var revs map[string][]string
	require.NoError(t, json.Unmarshal(asked.Req, &revs))
	var docs []string
	for _, w := range recording.Written {
		var body struct{ Docs []json.RawMessage }
		require.NoError(t, json.Unmarshal(w.BulkDocs, &body))
		for _, doc := range body.Docs {
			var id struct {
				ID string `json:"_id"`
				N  int
			}
			require.NoError(t, json.Unmarshal(doc, &id))
			if len(revs[id.ID]) == 1 {
				rev := revs[id.ID][0]
				docs = append([]string{fmt.Sprintf(`{"_id":%q,"_rev":%q,"n":%d,"_revisions":{"start":1,"ids":[%q]}}`, id.ID, rev, id.N, rev[2:])}, docs...)
			}
		}
	}
	whole := `{"new_edits":false,"docs":[` + strings.Join(docs, ",") + "]}"
	require.Len(t, whole, c.ReqLength)
	require.Equal(t, strings.TrimSuffix(*c.ReqText, "<trimmed>"), whole[:len(strings.TrimSuffix(*c.ReqText, "<trimmed>"))])
	c.ReqText = &whole
}
