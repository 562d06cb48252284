package contract

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestJudge shows that what the replayed commands are held to is seen where it does not hold.
func TestJudge(t *testing.T) {
	t.Parallel()
	const (
		object  = `{"kind":"cli","exit":0,"one_line":true,"stdout":{"count":1,"id":"<id1>","links":["a","b"],"ok":true}}`
		pretty  = `{"kind":"cli","exit":0,"one_line":false,"stdout":{"count":1,"name":"n"}}`
		lines   = `{"kind":"cli","exit":0,"stdout":["stored: <id1> [mid]","1 memory(ies)"]}`
		failure = `{"kind":"cli","exit":1,"stdout":[],"stderr":"Error: invalid tier: x"}`
		whole   = `{"kind":"cli","exit":0,"stdout":["done"],"stderr_all":["warning: one"]}`
		words   = `{"kind":"cli","exit":2,"match":["error:","--tier"],"stdout":[],"stderr":"error: whatever"}`
		ignored = `{"kind":"cli","exit":0,"one_line":true,"stdout":{"count":1,"free":0},"ignore":["free"],"extra_ok":true}`
		id      = "01a211e5-b033-7dad-bd5f-db2e60a6f826"
		good    = `{"count":1,"id":"` + id + `","links":["b","a"],"ok":true}` + "\n"
	)
	for what, test := range map[string]struct {
		step, out, complaints string
		exit                  int
		fits                  bool
	}{
		"as recorded":                 {object, good, "", 0, true},
		"another exit code":           {object, good, "", 1, false},
		"a wrong value":               {object, strings.Replace(good, "1", "2", 1), "", 0, false},
		"another type":                {object, strings.Replace(good, "true", `"true"`, 1), "", 0, false},
		"a key less":                  {object, strings.Replace(good, `,"ok":true`, "", 1), "", 0, false},
		"a key more":                  {object, strings.Replace(good, `"ok"`, `"more":1,"ok"`, 1), "", 0, false},
		"an element less":             {object, strings.Replace(good, `"b",`, "", 1), "", 0, false},
		"no id":                       {object, strings.Replace(good, id, "x", 1), "", 0, false},
		"a line before":               {object, "here it is\n" + good, "", 0, false},
		"a line behind":               {object, good + "done\n", "", 0, false},
		"an object behind":            {object, good + "{}\n", "", 0, false},
		"an empty line behind":        {object, good + "\n", "", 0, false},
		"no end of line":              {object, strings.TrimSuffix(good, "\n"), "", 0, false},
		"indented":                    {object, strings.ReplaceAll(good, ",", ",\n  "), "", 0, false},
		"blanks within":               {object, strings.ReplaceAll(good, ",", ", "), "", 0, false},
		"nothing":                     {object, "", "", 0, false},
		"an indented object":          {pretty, "{\n  \"count\": 1,\n  \"name\": \"n\"\n}\n", "", 0, true},
		"one line for an indented":    {pretty, `{"count":1,"name":"n"}` + "\n", "", 0, false},
		"the lines":                   {lines, "stored: " + id + " [mid]\n\n1 memory(ies)\n", "", 0, true},
		"lines in another order":      {lines, "1 memory(ies)\nstored: " + id + " [mid]\n", "", 0, false},
		"a line less":                 {lines, "stored: " + id + " [mid]\n", "", 0, false},
		"a line more":                 {lines, "stored: " + id + " [mid]\n1 memory(ies)\nbye\n", "", 0, false},
		"a line with more":            {lines, "stored: " + id + " [mid]!\n1 memory(ies)\n", "", 0, false},
		"the error":                   {failure, "", "Error: invalid tier: x\n", 1, true},
		"the error and its causes":    {failure, "", "Error: invalid tier: x\n\nCaused by:\n    y\n", 1, true},
		"another error":               {failure, "", "Error: invalid tier: y\n", 1, false},
		"no error":                    {failure, "", "", 1, false},
		"something before the error":  {failure, "", "note\nError: invalid tier: x\n", 1, false},
		"output of a failure":         {failure, "{}\n", "Error: invalid tier: x\n", 1, false},
		"the error on stdout":         {failure, "Error: invalid tier: x\n", "", 1, false},
		"a failure that succeeds":     {failure, "", "Error: invalid tier: x\n", 0, false},
		"all of stderr":               {whole, "done\n", "warning: one\n", 0, true},
		"a warning more":              {whole, "done\n", "warning: one\nwarning: two\n", 0, false},
		"no warning":                  {whole, "done\n", "", 0, false},
		"the words":                   {words, "", "error: no such --tier\n", 2, true},
		"a word less":                 {words, "", "error: no such\n", 2, false},
		"the words, another code":     {words, "", "error: no such --tier\n", 1, false},
		"what does not count":         {ignored, `{"count":1,"free":7,"more":[]}` + "\n", "", 0, true},
		"what counts beside":          {ignored, `{"count":2,"free":7,"more":[]}` + "\n", "", 0, false},
		"a list instead of an object": {ignored, "[]\n", "", 0, false},
	} {
		var s step
		if err := json.Unmarshal([]byte(test.step), &s); err != nil {
			t.Fatal(err)
		}
		o := &operator{t: t, ids: bindings{}}
		wrong := o.judge(s, test.exit, test.out, test.complaints)
		if (len(wrong) == 0) != test.fits {
			t.Errorf("%s: found wrong %q", what, wrong)
		}
	}
}

// TestJudgeAnswer is TestJudge for the lines of MCP.
func TestJudgeAnswer(t *testing.T) {
	t.Parallel()
	const (
		listed  = `{"kind":"mcp","response":{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":{"json":{"count":0,"memories":[]}}}]}}}`
		failure = `{"kind":"mcp","response":{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"parse error: <free>"}}}`
		good    = `{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"{\"count\":0,\"memories\":[]}"}]}}`
		bad     = `{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"parse error: x"}}`
	)
	for what, test := range map[string]struct {
		step, line string
		fits       bool
	}{
		"as recorded":        {listed, good, true},
		"another id":         {listed, strings.Replace(good, `"id":1`, `"id":"1"`, 1), false},
		"another value":      {listed, strings.Replace(good, `count\":0`, `count\":1`, 1), false},
		"a key less":         {listed, strings.Replace(good, `\"count\":0,`, "", 1), false},
		"a key more":         {listed, strings.Replace(good, `{\"count`, `{\"more\":1,\"count`, 1), false},
		"marked as an error": {listed, strings.Replace(good, `"content"`, `"isError":true,"content"`, 1), false},
		"another content":    {listed, strings.Replace(good, "]}}", `,{"type":"text","text":"more"}]}}`, 1), false},
		"a text, not JSON":   {listed, strings.Replace(good, `{\"count`, `memories: {\"count`, 1), false},
		"the error":          {failure, bad, true},
		"another code":       {failure, strings.Replace(bad, "00", "03", 1), false},
		"no error":           {failure, good, false},
		"no JSON":            {failure, "parse error: x", false},
	} {
		var s step
		if err := json.Unmarshal([]byte(test.step), &s); err != nil {
			t.Fatal(err)
		}
		o := &operator{t: t, ids: bindings{}}
		if wrong := o.judgeAnswer(t, s, test.line); (len(wrong) == 0) != test.fits {
			t.Errorf("%s: found wrong %q", what, wrong)
		}
	}
}
