package faults_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"chaosctl/faults"
)

func TestParse(t *testing.T) {
	tests := map[string]struct {
		text  string
		asked string
		full  string
		holds time.Duration
	}{
		"kill defaults":      {"kill_primary_mid_write", "kill_primary_mid_write", "kill_primary_mid_write(exact=false)", 0},
		"kill exact":         {"kill_primary_mid_write(exact=true)", "kill_primary_mid_write", "kill_primary_mid_write(exact=true)", 0},
		"partition defaults": {"partition", "partition", "partition(nodes=0,direction=both,for=500ms)", 500 * time.Millisecond},
		"partition alias":    {"partition_minority", "partition_minority", "partition(nodes=0,direction=both,for=500ms)", 500 * time.Millisecond},
		"alias with values":  {"partition_minority(for=2s,nodes=2)", "partition_minority", "partition(nodes=2,direction=both,for=2s)", 2 * time.Second},
		"any order":          {"partition(for=1m,direction=out,nodes=1)", "partition", "partition(nodes=1,direction=out,for=1m0s)", time.Minute},
		"set is sorted":      {"partition(nodes=2+0)", "partition", "partition(nodes=0+2,direction=both,for=500ms)", 500 * time.Millisecond},
		"pause defaults":     {"pause", "pause", "pause(node=peer,for=500ms)", 500 * time.Millisecond},
		"empty list":         {"pause()", "pause", "pause(node=peer,for=500ms)", 500 * time.Millisecond},
		"pause alias":        {"drop_random_acks(for=1s)", "drop_random_acks", "pause(node=peer,for=1s)", time.Second},
		"primary by word":    {"pause(node=primary)", "pause", "pause(node=primary,for=500ms)", 500 * time.Millisecond},
		"primary by number":  {"pause(node=0)", "pause", "pause(node=primary,for=500ms)", 500 * time.Millisecond},
		"last node":          {"pause(node=63)", "pause", "pause(node=63,for=500ms)", 500 * time.Millisecond},
		"blanks":             {" pause ( node = 1 , for\t=\t1.5s ) ", "pause", "pause(node=1,for=1.5s)", 1500 * time.Millisecond},
		"shortest":           {"pause(for=1ms)", "pause", "pause(node=peer,for=1ms)", time.Millisecond},
		"longest":            {"pause(for=10m)", "pause", "pause(node=peer,for=10m0s)", 10 * time.Minute},
		"microseconds":       {"pause(for=1500µs)", "pause", "pause(node=peer,for=1.5ms)", 1500 * time.Microsecond},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			named := parse(t, test.text)
			diff(t, test.asked, named.Asked)
			diff(t, test.full, named.String())
			diff(t, test.holds, named.For())
		})
	}
}

func TestParseSyntax(t *testing.T) {
	tests := map[string]faults.SyntaxError{
		"":                  {Offset: 0, Want: "the name of a fault"},
		"(for=1s)":          {Offset: 0, Want: "the name of a fault"},
		"pause for=1s":      {Offset: 6, Want: `"(" or the end`},
		"pause(":            {Offset: 6, Want: "the name of a parameter"},
		"pause(for)":        {Offset: 9, Want: `"="`},
		"pause(for=)":       {Offset: 10, Want: "a value for for"},
		"pause(for=1s":      {Offset: 12, Want: `"," or ")"`},
		"pause(for=1s;)":    {Offset: 12, Want: `"," or ")"`},
		"pause(for=1s,)":    {Offset: 13, Want: "the name of a parameter"},
		"pause(,for=1s)":    {Offset: 6, Want: "the name of a parameter"},
		"pause(for=1s)x":    {Offset: 13, Want: "the end"},
		"pause(for=1s)(":    {Offset: 13, Want: "the end"},
		"pause(for=\xff1s)": {Offset: 10, Want: "a value for for"},
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			_, err := faults.Parse(text)
			var got *faults.SyntaxError
			if !errors.As(err, &got) {
				t.Fatalf("got %v, want a *SyntaxError", err)
			}
			want.Text = text
			diff(t, want, *got)
		})
	}
}

func TestParseBadParameter(t *testing.T) {
	tests := map[string]string{
		"pause(foo=1)":                         `fault pause: parameter "foo" is not known: it takes node, for`,
		"pause(for=1s,for=1s)":                 `fault pause: parameter "for" is given twice: it takes node, for`,
		"drop_random_acks(node=primary)":       `fault drop_random_acks: parameter "node" is decided by the name drop_random_acks: it takes for`,
		"pause(for=999µs)":                     `fault pause: for=999µs is out of range: give a duration from 1ms to 10m`,
		"pause(for=10m1ns)":                    `fault pause: for=10m1ns is out of range: give a duration from 1ms to 10m`,
		"pause(for=-1s)":                       `fault pause: for=-1s is out of range: give a duration from 1ms to 10m`,
		"pause(for=500)":                       `fault pause: for=500 is not a duration: give a duration from 1ms to 10m`,
		"pause(node=64)":                       `fault pause: node=64 is not a node: give peer, primary, or a node's number from 0 to 63`,
		"pause(node=-1)":                       `fault pause: node=-1 is not a node: give peer, primary, or a node's number from 0 to 63`,
		"pause(node=peers)":                    `fault pause: node=peers is not a node: give peer, primary, or a node's number from 0 to 63`,
		"partition(nodes=0+0)":                 `fault partition: nodes=0+0 names a node twice: give node numbers from 0 to 63 joined by +, such as 0 or 0+2`,
		"partition(nodes=0+)":                  `fault partition: nodes=0+ is not a set of nodes: give node numbers from 0 to 63 joined by +, such as 0 or 0+2`,
		"partition(nodes=64)":                  `fault partition: nodes=64 is not a set of nodes: give node numbers from 0 to 63 joined by +, such as 0 or 0+2`,
		"partition_minority(direction=x)":      `fault partition_minority: direction=x is not accepted: give both, in or out`,
		"kill_primary_mid_write(exact=1)":      `fault kill_primary_mid_write: exact=1 is not accepted: give true or false`,
		"kill_primary_mid_write(Exact=true)":   `fault kill_primary_mid_write: parameter "Exact" is not known: it takes exact`,
		"pause(for=soon,node=somewhere,why=1)": "fault pause: parameter \"why\" is not known: it takes node, for\nfault pause: node=somewhere is not a node: give peer, primary, or a node's number from 0 to 63\nfault pause: for=soon is not a duration: give a duration from 1ms to 10m",
	}
	for text, want := range tests {
		t.Run(text, func(t *testing.T) {
			_, err := faults.Parse(text)
			var bad *faults.BadParameter
			if !errors.As(err, &bad) {
				t.Fatalf("got %v, want a *BadParameter", err)
			}
			diff(t, want, err.Error())
		})
	}
}

func TestParseBadParameterFields(t *testing.T) {
	_, err := faults.Parse("partition_minority(nodes=9999)")
	var got *faults.BadParameter
	if !errors.As(err, &got) {
		t.Fatalf("got %v, want a *BadParameter", err)
	}
	diff(t, faults.BadParameter{
		Fault: "partition_minority", Parameter: "nodes", Value: "9999", Problem: "is not a set of nodes",
		Range: "node numbers from 0 to 63 joined by +, such as 0 or 0+2",
	}, *got)
}

func TestParseUnknownFault(t *testing.T) {
	tests := map[string][]string{
		"partion":              {"partition"},
		"Partition":            {"partition"},
		"puase":                {"pause"},
		"kill":                 {"kill_primary_mid_write"},
		"partition-minority":   {"partition_minority"},
		"drop_acks":            {"drop_random_acks"},
		"zebra":                nil,
		"p":                    nil,
		"clock_skew_everybody": nil,
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := faults.Parse(name + "(for=1s)")
			var got *faults.UnknownFault
			if !errors.As(err, &got) {
				t.Fatalf("got %v, want an *UnknownFault", err)
			}
			if len(want) > 0 && (len(got.Nearest) == 0 || got.Nearest[0] != want[0]) ||
				len(want) == 0 && len(got.Nearest) > 0 {
				t.Errorf("nearest %v, want %v first", got.Nearest, want)
			}
			diff(t, faults.Names(), got.Known)
			mentioned := append(got.Nearest, name)
			if len(want) == 0 {
				mentioned = append(faults.Names(), name)
			}
			for _, m := range mentioned {
				if !strings.Contains(got.Error(), m) {
					t.Errorf("%q does not mention %s", got, m)
				}
			}
		})
	}
}

func TestParseRefusesClockSkew(t *testing.T) {
	for _, text := range []string{"clock_skew_peer", "clock_skew_peer(for=1s)"} {
		_, err := faults.Parse(text)
		var got *faults.Unsupported
		if !errors.As(err, &got) {
			t.Fatalf("parse %q: got %v, want an *Unsupported", text, err)
		}
		if got.Fault != "clock_skew_peer" || !strings.Contains(got.Error(), "clock") || got.Remedy == "" {
			t.Errorf("does not say why: %v", got)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range faults.Names() {
		f.Add(name)
	}
	f.Add("kill_primary_mid_write(exact=true)")
	f.Add("partition(nodes=0+2,direction=in,for=1h)")
	f.Add(" pause ( node = 1 , for = 1.5s ) ")
	f.Add("pause(node=00,for=61000ms)")
	f.Add("pause(for=0.0010000001s)")
	f.Fuzz(func(t *testing.T, text string) {
		named, err := faults.Parse(text)
		if err != nil {
			return
		}
		again, err := faults.Parse(named.String())
		if err != nil {
			t.Fatalf("%q printed as %q, which does not parse: %v", text, named, err)
		}
		if !reflect.DeepEqual(again.Fault, named.Fault) || again.String() != named.String() {
			t.Fatalf("%q printed as %q, parsed back as %q", text, named, again)
		}
		if !cmp.Equal(again.Spec(), named.Spec()) {
			t.Fatalf("%q changed kind from %v to %v", text, named.Spec(), again.Spec())
		}
	})
}
