package aimemory

import (
	"strings"

	"github.com/urfave/cli/v2"
)

// arguments returns the arguments of a command, which must be as many as their names.
func arguments(c *cli.Context, names ...string) ([]string, error) {
	given := c.Args().Slice()
	if len(given) > len(names) {
		return nil, usagef("unexpected argument '%s' found", given[len(names)])
	}
	if len(given) < len(names) {
		return nil, missing(wrapEach("<", names[len(given):], ">"))
	}
	return given, nil
}

// noArguments refuses arguments.
func noArguments(c *cli.Context) error {
	_, err := arguments(c)
	return err
}

// required refuses a command line without some of its flags. Empty values count as given.
func required(c *cli.Context, flags ...string) error {
	var absent []string
	for _, name := range flags {
		if !c.IsSet(name) {
			absent = append(absent, "--"+name+" <"+strings.ToUpper(strings.ReplaceAll(name, "-", "_"))+">")
		}
	}
	if len(absent) > 0 {
		return missing(absent)
	}
	return nil
}

func missing(what []string) error {
	return usagef("the following required arguments were not provided:\n  %s", strings.Join(what, "\n  "))
}

func wrapEach(before string, texts []string, after string) []string {
	var all []string
	for _, text := range texts {
		all = append(all, before+text+after)
	}
	return all
}

// optional returns the value of a flag, nil when it was not given.
func optional(c *cli.Context, flag string) *string {
	if !c.IsSet(flag) {
		return nil
	}
	value := c.String(flag)
	return &value
}

// commaList returns the texts of a comma list, trimmed, without empty ones.
func commaList(list string) []string {
	var all []string
	for text := range strings.SplitSeq(list, ",") {
		if text = strings.TrimSpace(text); text != "" {
			all = append(all, text)
		}
	}
	return all
}
