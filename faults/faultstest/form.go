package faultstest

import (
	"errors"
	"os/exec"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"chaosctl/faults"
)

func (s suite) specIsComplete(t *testing.T) {
	spec := s.fault.Spec()
	if !regexp.MustCompile(`^[a-z][a-z0-9_]*$`).MatchString(spec.Name) {
		t.Errorf("name %q is not lower case with underscores", spec.Name)
	}
	if spec.Summary == "" || strings.Contains(spec.Summary, "\n") {
		t.Errorf("summary %q is not one line", spec.Summary)
	}
	if spec.ConflictKey == "" {
		t.Error("no conflict key")
	}
	if spec.Exercise == (faults.Exercise{}) {
		t.Error("nothing need happen to requests for it to count as tested")
	}
	for _, name := range append([]string{spec.Name}, spec.Aliases...) {
		switch named, err := s.parse(name); {
		case err != nil:
			t.Errorf("parse %q: %v", name, err)
		case named.Asked != name || named.Spec().Name != spec.Name:
			t.Errorf("%q was read as %q, a %s", name, named.Asked, named.Spec().Name)
		}
	}
	for _, p := range spec.Params {
		if p.Name == "" || p.Default == "" || p.Range == "" || p.Help == "" {
			t.Errorf("parameter not described in full: %+v", p)
		}
		bare, err := s.parse(spec.Name)
		if err != nil {
			t.Fatal(err)
		}
		if given, err := s.parse(spec.Name + "(" + p.Name + "=" + p.Default + ")"); err != nil {
			t.Errorf("default of %s: %v", p.Name, err)
		} else if !reflect.DeepEqual(given.Fault, bare.Fault) {
			t.Errorf("%s=%s is said to be the default, yet gives %v, not %v", p.Name, p.Default, given, bare)
		}
	}
	if s.fault.For() < 0 {
		t.Errorf("in force for %v", s.fault.For())
	}
}

func (s suite) printsAsItParses(t *testing.T) {
	text := s.fault.String()
	again, err := s.parse(text)
	if err != nil {
		t.Fatalf("parse %q as printed: %v", text, err)
	}
	if !reflect.DeepEqual(again.Fault, s.fault) || again.String() != text {
		t.Errorf("printed as %q, parsed back as %q", text, again)
	}
	rest, ok := strings.CutPrefix(text, s.fault.Spec().Name)
	if !ok {
		t.Errorf("%q does not begin with the kind's name", text)
	}
	for _, p := range s.fault.Spec().Params {
		_, after, ok := strings.Cut(rest, p.Name+"=")
		if !ok {
			t.Errorf("%q lacks %s, or has it out of the spec's order", text, p.Name)
		}
		rest = after
	}
}

// host is a faults.Host on which programs are found by this function.
type host func(program string) (string, error)

func (h host) Program(name string) (string, error) { return h(name) }

func (s suite) preflight(t *testing.T) {
	full := host(func(program string) (string, error) { return "/usr/sbin/" + program, nil })
	if err := s.fault.Preflight(t.Context(), full); err != nil {
		t.Errorf("a host that has everything: %v", err)
	}
	bare := host(func(string) (string, error) { return "", exec.ErrNotFound })
	err := s.fault.Preflight(t.Context(), bare)
	if len(s.fault.Spec().Needs) == 0 {
		if err != nil {
			t.Errorf("needs nothing, yet a bare host: %v", err)
		}
		return
	}
	var unsupported *faults.Unsupported
	if !errors.As(err, &unsupported) {
		t.Fatalf("a bare host: got %v, want an *Unsupported", err)
	}
	if unsupported.Fault != s.fault.Spec().Name || unsupported.Reason == "" || unsupported.Remedy == "" {
		t.Errorf("does not say what is missing and what would help: %+v", unsupported)
	}
}
