package contract

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// bindings are the ids that stand for placeholders.
type bindings map[string]string

// placeholder is a value in a recording that is another each time.
var placeholder = regexp.MustCompile(`<(ts(?:\+\d+h)?|stamp|score|int|sha\d*|sha256|host|pid|hex|free|[a-z]+\d*|[a-z]\d*)(:8)?>`)

// patterns of the values that are free within their kind.
var freeValues = map[string]string{
	"stamp": `\d{4}-\d{2}-\d{2}T\d{6}Z(?:[._-]\d+)?`, "score": `-?\d+(?:\.\d+)?`, "int": `\d+`, "sha256": `[0-9a-f]{64}`,
	"host": `[A-Za-z0-9._-]+`, "pid": `\d+`, "hex": `[0-9a-f]{8}`, "free": `(?s:.*)`, "time": `\S+`,
}

// matchText tells how a text differs from a template; empty when it fits. Placeholders without a value yet
// get theirs.
func matchText(template, got string, b bindings) string {
	var pattern strings.Builder
	var names []string
	pattern.WriteString("^")
	at := 0
	for _, m := range placeholder.FindAllStringSubmatchIndex(template, -1) {
		pattern.WriteString(regexp.QuoteMeta(template[at:m[0]]))
		name, cut := template[m[2]:m[3]], m[4] >= 0
		at = m[1]
		free, is := freeValues[name]
		value, bound := b[name]
		switch {
		case is:
			pattern.WriteString(free)
			if name == "free" {
				at = len(template)
			}
		case name == "id": // a word of a usage line
			pattern.WriteString("<id>")
		case strings.HasPrefix(name, "ts"):
			pattern.WriteString(`(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00)`)
			names = append(names, name)
		case bound && cut:
			pattern.WriteString(regexp.QuoteMeta(value[:8]))
		case bound:
			pattern.WriteString(regexp.QuoteMeta(value))
		case cut:
			return fmt.Sprintf("%s is not known before its first 8 characters are", name)
		default:
			pattern.WriteString(`([0-9a-f-]{36})`)
			names = append(names, name)
		}
		if name == "free" {
			break
		}
	}
	pattern.WriteString(regexp.QuoteMeta(template[at:]) + "$")
	found := regexp.MustCompile(pattern.String()).FindStringSubmatch(got)
	if found == nil {
		return fmt.Sprintf("%q, want %q", got, template)
	}
	for i, name := range names {
		if !strings.HasPrefix(name, "ts") {
			b[name] = found[i+1]
			continue
		}
		if wrong := near(name, found[i+1]); wrong != "" {
			return wrong
		}
	}
	return ""
}

// near tells how a time differs from now, or from some hours after now.
func near(name, text string) string {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return err.Error()
	}
	if name == "ts" {
		if ago := time.Since(at); ago.Abs() > 2*time.Minute {
			return text + " is not now"
		}
		return ""
	}
	var hours float64
	if _, err := fmt.Sscanf(name, "ts+%fh", &hours); err != nil {
		return err.Error()
	}
	if math.Round(time.Until(at).Hours()) != hours && math.Floor(time.Until(at).Hours()) != hours {
		return fmt.Sprintf("%s is not in %v hours", text, hours)
	}
	return ""
}

// freeOrder are the lists whose order means nothing.
var freeOrder = []string{"by_tier", "by_namespace", "namespaces", "links", "groups", "subscriptions", "potential_contradictions", "enum", "required"}

// matchValue tells how a value differs from a template; nothing when it fits.
func matchValue(path string, want, got any, b bindings) []string {
	switch want := want.(type) {
	case map[string]any:
		return matchObject(path, want, got, b)
	case []any:
		list, is := got.([]any)
		if !is || len(list) != len(want) {
			return []string{fmt.Sprintf("%s: %.300v, want a list of %d", path, got, len(want))}
		}
		if slices.Contains(freeOrder, path[strings.LastIndex(path, ".")+1:]) {
			return matchSet(path, want, list, b)
		}
		var wrong []string
		for i := range want {
			wrong = append(wrong, matchValue(fmt.Sprintf("%s[%d]", path, i), want[i], list[i], b)...)
		}
		return wrong
	case string:
		if n, is := got.(float64); is && (want == "<int>" || want == "<score>") {
			if want == "<int>" && n != math.Trunc(n) {
				return []string{fmt.Sprintf("%s: %v is no integer", path, n)}
			}
			return nil
		}
		text, is := got.(string)
		if !is {
			return []string{fmt.Sprintf("%s: %.300v, want %q", path, got, want)}
		}
		if wrong := matchText(want, text, b); wrong != "" {
			return []string{path + ": " + wrong}
		}
		return nil
	}
	if want != got {
		return []string{fmt.Sprintf("%s: %.300v, want %v", path, got, want)}
	}
	return nil
}

func matchObject(path string, want map[string]any, got any, b bindings) (wrong []string) {
	object, is := got.(map[string]any)
	if !is {
		return []string{fmt.Sprintf("%s: %.300v, want an object", path, got)}
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if value, there := object[key]; there {
			wrong = append(wrong, matchValue(path+"."+key, want[key], value, b)...)
		} else {
			wrong = append(wrong, fmt.Sprintf("%s.%s is missing, want %v", path, key, want[key]))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if _, expected := want[key]; !expected {
			wrong = append(wrong, fmt.Sprintf("%s.%s: %.300v, want no such key", path, key, object[key]))
		}
	}
	return wrong
}

// matchSet matches lists of one length in any order.
func matchSet(path string, want, got []any, b bindings) []string {
	rest := slices.Clone(got)
	for _, w := range want {
		i := slices.IndexFunc(rest, func(g any) bool {
			tried := maps.Clone(b)
			if len(matchValue(path, w, g, tried)) > 0 {
				return false
			}
			maps.Copy(b, tried)
			return true
		})
		if i < 0 {
			return []string{fmt.Sprintf("%s: none of %v is %v", path, rest, w)}
		}
		rest = slices.Delete(rest, i, i+1)
	}
	return nil
}

// TestTemplates shows that what does not fit is seen.
func TestTemplates(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC().Format("2006-01-02T15:04:05.000000+00:00")
	const id, other = "01a211e5-b033-7dad-bd5f-db2e60a6f826", "11a211e5-b033-7dad-bd5f-db2e60a6f826"
	type object = map[string]any
	for what, test := range map[string]struct {
		want, got any
		fits      bool
	}{
		"the same":          {object{"a": 1.0, "b": []any{"x"}}, object{"a": 1.0, "b": []any{"x"}}, true},
		"another value":     {object{"a": 1.0}, object{"a": 2.0}, false},
		"a key less":        {object{"a": 1.0, "b": nil}, object{"a": 1.0}, false},
		"a key more":        {object{"a": 1.0}, object{"a": 1.0, "b": nil}, false},
		"another type":      {object{"a": 1.0}, object{"a": "1"}, false},
		"a list in order":   {object{"a": []any{"x", "y"}}, object{"a": []any{"y", "x"}}, false},
		"a list in any":     {object{"links": []any{"x", "y"}}, object{"links": []any{"y", "x"}}, true},
		"another in any":    {object{"links": []any{"x", "y"}}, object{"links": []any{"y", "y"}}, false},
		"now":               {"<ts>", now, true},
		"now in Zulu":       {"<ts>", strings.Replace(now, "+00:00", "Z", 1), false},
		"long ago":          {"<ts>", "2020-01-01T00:00:00+00:00", false},
		"in an hour":        {"<ts+1h>", now, false},
		"one id twice":      {[]any{"<id1>", "<id1>"}, []any{id, id}, true},
		"two ids for one":   {[]any{"<id1>", "<id1>"}, []any{id, other}, false},
		"the head of an id": {[]any{"<id1>", "[<id1:8>]"}, []any{id, "[" + id[:8] + "]"}, true},
		"another head":      {[]any{"<id1>", "[<id1:8>]"}, []any{id, "[" + other[:8] + "]"}, false},
		"an integer":        {"<int>", 5.0, true},
		"no integer":        {"<int>", 5.5, false},
		"free to the end":   {"parse error: <free>", "parse error: anything\nat all", true},
		"not free before":   {"parse error: <free>", "a parse error: x", false},
		"literal":           {"a.b", "axb", false},
	} {
		wrong := matchValue("", test.want, test.got, bindings{})
		if (len(wrong) == 0) != test.fits {
			t.Errorf("%s: %v", what, wrong)
		}
	}
}
