package aimemory

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
)

// whole is the value of a flag that takes a whole number in decimal digits: the library reads "0x10" and
// "1_000" as well, and "010" as eight.
type whole struct {
	least, most int64
	n           int64
	there       bool // it was given, or has a default
}

// Set implements cli.Generic.
func (w *whole) Set(text string) error {
	n, err := w.read(text)
	switch {
	case errors.Is(err, strconv.ErrSyntax) && w.least == 0:
		return errors.New("use a whole number, 0 or more")
	case errors.Is(err, strconv.ErrSyntax):
		return errors.New("use a whole number")
	case err != nil || n < w.least || n > w.most:
		return fmt.Errorf("use a number from %d to %d", w.least, w.most)
	}
	w.n, w.there = n, true
	return nil
}

// read reads a number. One of 64 bits without a sign is as good as the largest of those with one.
func (w *whole) read(text string) (int64, error) {
	if w.least < 0 {
		return strconv.ParseInt(text, 10, 64)
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(text, "+"), 10, 64)
	return int64(min(n, math.MaxInt64)), err
}

// String implements cli.Generic: it is the default that help tells.
func (w *whole) String() string {
	if !w.there {
		return ""
	}
	return strconv.FormatInt(w.n, 10)
}

// countFlag takes a number that is not negative.
func countFlag(name, usage string, value int64) *cli.GenericFlag {
	return &cli.GenericFlag{Name: name, Usage: usage, Value: &whole{most: math.MaxInt64, n: value, there: true}}
}

// optionalCountFlag is a countFlag that need not have a value.
func optionalCountFlag(name, usage string) *cli.GenericFlag {
	return &cli.GenericFlag{Name: name, Usage: usage, Value: &whole{most: math.MaxInt64}}
}

// integerFlag takes a number of 64 bits, and need not have a value.
func integerFlag(name, usage string) *cli.GenericFlag {
	return &cli.GenericFlag{Name: name, Usage: usage, Value: &whole{least: math.MinInt64, most: math.MaxInt64}}
}

// integer is the value of a flag of this file; 0 when it has none.
func integer(c *cli.Context, name string) int64 {
	if w, is := c.Generic(name).(*whole); is {
		return w.n
	}
	return 0
}

// optionalInteger is the value of a flag, nil when it was not given.
func optionalInteger(c *cli.Context, name string) *int64 {
	if !c.IsSet(name) {
		return nil
	}
	n := integer(c, name)
	return &n
}

// decimal is the value of a flag that takes a number with a fraction.
type decimal struct {
	f     float64
	there bool // it was given, or has a default
}

// Set implements cli.Generic.
func (d *decimal) Set(text string) (err error) {
	if d.f, err = strconv.ParseFloat(text, 64); err != nil {
		return errors.New("use a number")
	}
	d.there = true
	return nil
}

// String implements cli.Generic.
func (d *decimal) String() string {
	if !d.there {
		return ""
	}
	return strconv.FormatFloat(d.f, 'g', -1, 64)
}

// fraction is the value of a flag that takes a number with a fraction; nil when it has none.
func fraction(c *cli.Context, name string) *float64 {
	d, is := c.Generic(name).(*decimal)
	if !is || !d.there {
		return nil
	}
	return &d.f
}

// maxCount keeps counts from overflowing a duration.
const maxCount = 1_000_000_000

// count is the value of a flag that counts, as far as it can be counted.
func count(c *cli.Context, name string) int { return int(min(integer(c, name), maxCount)) }
