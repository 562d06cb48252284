package llm

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"chaosctl/server/internal/memory"
)

// Bounds of what is taken from an answer.
const (
	maxTerms   = 16
	maxTags    = 8
	maxTag     = 128    // bytes, as memories have it
	maxSummary = 65_536 // bytes, likewise
	maxShown   = 16_384 // bytes of a text that a model is shown
)

// ExpandQuery returns other search terms that mean much the same as a query.
func (c *Client) ExpandQuery(ctx context.Context, query string) ([]string, error) {
	answer, err := c.ask(ctx,
		"Expand a search query. Answer with up to 8 other search terms that mean much the same, one a line, and nothing else.",
		"Expand this search query: "+shown(query))
	if err != nil {
		return nil, err
	}
	return items(answer, maxTerms, maxTag), nil
}

// Tags returns words under which somebody would look for a text, in lower case, at most 8.
func (c *Client) Tags(ctx context.Context, title, content string) ([]string, error) {
	answer, err := c.ask(ctx,
		"Give tags for a note. Answer with up to 8 tags of one or two words in lower case, one a line, and nothing else.",
		"Tags for this note.\nTitle: "+shown(title)+"\nContent: "+shown(content))
	if err != nil {
		return nil, err
	}
	return items(strings.ToLower(answer), maxTags, maxTag), nil
}

// Contradicts tells whether two texts contradict each other. An answer that is neither yes nor no is ErrUnclear.
func (c *Client) Contradicts(ctx context.Context, a, b string) (bool, error) {
	answer, err := c.ask(ctx,
		"Decide whether two notes contradict each other: whether they cannot both be true. Answer with yes or no, and nothing else.",
		"Do these notes contradict each other?\nNote A: "+shown(a)+"\nNote B: "+shown(b))
	if err != nil {
		return false, err
	}
	return verdict(answer)
}

// Summarize returns what several texts say, in one that is shorter.
func (c *Client) Summarize(ctx context.Context, texts []string) (string, error) {
	var question strings.Builder
	question.WriteString("Sum these notes up:\n")
	for i, text := range texts {
		fmt.Fprintf(&question, "Note %d: %s\n", i+1, shown(text))
	}
	answer, err := c.ask(ctx,
		"Sum notes up in one that keeps every fact, name and number, and says nothing twice. Answer with its text, and nothing else.",
		question.String())
	if err != nil {
		return "", err
	}
	return memory.FirstBytes(strings.TrimSpace(memory.Clean(answer)), maxSummary), nil
}

// verdict reads yes or no at the beginning of an answer, or alone in it.
func verdict(answer string) (bool, error) {
	words := strings.FieldsFunc(strings.ToLower(answer), func(c rune) bool { return !unicode.IsLetter(c) })
	if len(words) > 0 {
		switch words[0] {
		case "yes", "true":
			return true, nil
		case "no", "false":
			return false, nil
		}
	}
	yes, no := slices.Contains(words, "yes"), slices.Contains(words, "no")
	if yes == no {
		return false, ErrUnclear
	}
	return yes, nil
}

// items reads a list: JSON, or one a line, or with commas between; without bullets, numbers and quotes, none
// twice, at most some, none longer than some bytes.
func items(answer string, most, length int) []string {
	parts := parts(answer)
	out := []string{}
	for _, part := range parts {
		part = strings.TrimSpace(strings.Trim(strings.TrimSpace(withoutBullet(memory.Clean(part))), `"'.,;`+"`"))
		if part != "" && len(part) <= length && !slices.Contains(out, part) && len(out) < most {
			out = append(out, part)
		}
	}
	return out
}

// parts are the parts of a list: of the JSON list of texts in it, else its lines, else what commas are between.
func parts(answer string) (parts []string) {
	from, to := strings.IndexByte(answer, '['), strings.LastIndexByte(answer, ']')
	if from >= 0 && from < to && json.Unmarshal([]byte(answer[from:to+1]), &parts) == nil {
		return parts
	}
	parts = strings.Split(strings.TrimSpace(answer), "\n")
	parts = slices.DeleteFunc(parts, func(line string) bool { return strings.HasPrefix(line, "```") })
	if len(parts) == 1 {
		return strings.Split(parts[0], ",")
	}
	return parts
}

// withoutBullet leaves out what a line of a list begins with.
func withoutBullet(line string) string {
	line = strings.TrimLeft(line, " \t-*•#")
	number := strings.TrimLeft(line, "0123456789")
	if number != line && (strings.HasPrefix(number, ". ") || strings.HasPrefix(number, ") ")) {
		return number[2:]
	}
	return line
}

// shown is as much of a text as a model is shown.
func shown(text string) string { return memory.FirstBytes(text, maxShown) }
