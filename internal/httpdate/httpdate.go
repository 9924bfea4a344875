// Package httpdate reads and writes the dates of HTTP, which are also those of CouchDB's checkpoints: "Fri, 20 Nov 2026 12:01:00 GMT". Package time could,
// but a page would load 8 KB more for its layouts.
package httpdate

import (
	"strconv"
	"strings"
	"time"
)

const (
	days   = "SunMonTueWedThuFriSat"
	months = "JanFebMarAprMayJunJulAugSepOctNovDec"
)

// Append appends a date, to the second.
func Append(dst []byte, t time.Time) []byte {
	t = t.UTC()
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	dst = append(dst, days[3*t.Weekday():3*t.Weekday()+3]...)
	dst = append(dst, ", "...)
	dst = AppendPadded(dst, day, 2, ' ')
	dst = append(dst, months[3*month-3:3*month]...)
	dst = append(dst, ' ')
	dst = AppendPadded(dst, year, 4, ' ')
	dst = AppendPadded(dst, hour, 2, ':')
	dst = AppendPadded(dst, minute, 2, ':')
	dst = AppendPadded(dst, second, 2, ' ')
	return append(dst, "GMT"...)
}

// Parse reads a date. It does not check that the day of the week is the right one.
func Parse(text string) (date time.Time, ok bool) {
	_, rest, _ := strings.Cut(text, ", ")
	if len(rest) != len("20 Nov 2026 12:01:00 GMT") || !strings.HasSuffix(rest, " GMT") {
		return date, false
	}
	month := strings.Index(months, rest[3:6])
	ok = month >= 0 && month%3 == 0
	number := func(from, to int) int {
		n, err := strconv.ParseUint(rest[from:to], 10, 31)
		ok = ok && err == nil
		return int(n)
	}
	date = time.Date(number(7, 11), time.Month(month/3+1), number(0, 2), number(12, 14), number(15, 17), number(18, 20), 0, time.UTC)
	if !ok {
		return time.Time{}, false
	}
	return date, true
}

// AppendPadded appends a number in so many digits, at most four, and the character after it.
func AppendPadded(dst []byte, number, digits int, next byte) []byte {
	for scale := []int{1, 10, 100, 1000}[digits-1]; scale > 0; scale /= 10 {
		dst = append(dst, '0'+byte(number/scale%10))
	}
	return append(dst, next)
}
