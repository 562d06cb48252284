package memory

import (
	"fmt"
	"time"
)

// FormatTime writes a time as the server does: RFC 3339 in UTC with the offset +00:00 and a
// fraction of 0, 3, 6 or 9 digits, as few as hold it. Years 0 to 9999.
func FormatTime(t time.Time) string {
	t = t.UTC()
	layout := "2006-01-02T15:04:05"
	switch ns := t.Nanosecond(); {
	case ns == 0:
	case ns%1e6 == 0:
		layout += ".000"
	case ns%1e3 == 0:
		layout += ".000000"
	default:
		layout += ".000000000"
	}
	return t.Format(layout) + "+00:00"
}

// ParseTime reads an RFC 3339 date and time: T, t or a blank between them, a fraction of any
// length (digits after the ninth are cut), Z, z or an offset such as -08:00. A leap second is
// the second after it. The result is in UTC.
func ParseTime(text string) (time.Time, error) {
	t, ok := parseTime(text)
	if !ok {
		return time.Time{}, fmt.Errorf("%q is not an RFC 3339 date and time", text)
	}
	return t, nil
}

// scanner reads fixed parts off the front of a text; bad stays set once anything did not fit.
type scanner struct {
	rest string
	bad  bool
}

// number reads exactly n digits whose value is within a range.
func (s *scanner) number(n, least, most int) int {
	if s.bad || len(s.rest) < n {
		s.bad = true
		return 0
	}
	value := 0
	for _, c := range []byte(s.rest[:n]) {
		if c < '0' || c > '9' {
			s.bad = true
			return 0
		}
		value = value*10 + int(c-'0')
	}
	s.rest = s.rest[n:]
	s.bad = value < least || value > most
	return value
}

// one reads a single byte that must be among some.
func (s *scanner) one(among string) byte {
	if s.bad || s.rest == "" {
		s.bad = true
		return 0
	}
	c := s.rest[0]
	for i := range len(among) {
		if among[i] == c {
			s.rest = s.rest[1:]
			return c
		}
	}
	s.bad = true
	return 0
}

// fraction reads an optional fraction of a second, in nanoseconds.
func (s *scanner) fraction() int {
	if s.bad || s.rest == "" || s.rest[0] != '.' {
		return 0
	}
	digits := 1
	for digits < len(s.rest) && s.rest[digits] >= '0' && s.rest[digits] <= '9' {
		digits++
	}
	if digits == 1 {
		s.bad = true
		return 0
	}
	ns, unit := 0, int(1e8)
	for _, c := range []byte(s.rest[1:digits]) {
		ns += int(c-'0') * unit
		unit /= 10
	}
	s.rest = s.rest[digits:]
	return ns
}

func parseTime(text string) (time.Time, bool) {
	s := scanner{rest: text}
	year := s.number(4, 0, 9999)
	s.one("-")
	month := s.number(2, 1, 12)
	s.one("-")
	day := s.number(2, 1, 31)
	s.one("Tt ")
	hour := s.number(2, 0, 23)
	s.one(":")
	minute := s.number(2, 0, 59)
	s.one(":")
	second := s.number(2, 0, 60)
	ns := s.fraction()
	offset := s.offset()
	if s.bad || s.rest != "" {
		return time.Time{}, false
	}
	if day > 28 && time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).Day() != day {
		return time.Time{}, false
	}
	return time.Date(year, time.Month(month), day, hour, minute-offset, second, ns, time.UTC), true
}

// offset reads the distance from UTC in minutes.
func (s *scanner) offset() int {
	sign := s.one("Zz+-")
	if s.bad || sign == 'Z' || sign == 'z' {
		return 0
	}
	hours := s.number(2, 0, 23)
	s.one(":")
	minutes := s.number(2, 0, 59)
	if sign == '-' {
		return -(hours*60 + minutes)
	}
	return hours*60 + minutes
}
