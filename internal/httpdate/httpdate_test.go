package httpdate_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/gouchdb/gouchdb/internal/httpdate"
)

func TestDatesAreThoseOfHTTP(t *testing.T) {
	t.Parallel()
	first := time.Date(1999, 12, 31, 23, 59, 58, 0, time.FixedZone("", 3600))
	for i := range 1000 {
		date := first.Add(time.Duration(i)*97*time.Hour + time.Duration(i)*61*time.Second)
		text := string(httpdate.Append(nil, date))
		assert.Equal(t, date.UTC().Format(http.TimeFormat), text)
		parsed, ok := httpdate.Parse(text)
		assert.True(t, ok, text)
		assert.True(t, date.Equal(parsed), text)
	}
	for _, text := range []string{"", "soon", "Fri, 20 Nov 2026 12:01:00", "Fri, 20 xxx 2026 12:01:00 GMT", "Fri, 20 ovD 2026 12:01:00 GMT", "Fri, 20 Nov 2026 12:a1:00 GMT"} {
		date, ok := httpdate.Parse(text)
		assert.False(t, ok, text)
		assert.True(t, date.IsZero(), text)
	}
}
