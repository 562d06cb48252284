package curator

import (
	"slices"
	"strings"
	"unicode"
)

// shortestWord is how many bytes a word has that counts.
const shortestWord = 3

// words are the words of a text that count, in lower case, sorted, each once.
func words(text string) []string {
	all := strings.FieldsFunc(strings.ToLower(text), func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) })
	all = slices.DeleteFunc(all, func(w string) bool { return len(w) < shortestWord })
	slices.Sort(all)
	return slices.Compact(all)
}

// folded is a text without regard to how its blanks are set.
func folded(text string) string { return strings.Join(strings.Fields(text), " ") }

// extract is what several texts say, in their own sentences, in order, each once. Sentences that
// differ in blanks only are the same. Nothing else is left out.
func extract(texts []string) string {
	seen := map[string]bool{}
	var out []string
	for _, text := range texts {
		for line := range strings.SplitSeq(text, "\n") {
			var kept strings.Builder
			for _, sentence := range sentences(line) {
				key := folded(sentence)
				if key == "" || seen[key] {
					continue
				}
				seen[key] = true
				kept.WriteString(sentence)
			}
			if kept.Len() > 0 {
				out = append(out, strings.TrimRight(kept.String(), " \t"))
			}
		}
	}
	return strings.Join(out, "\n")
}

// sentences splits a line behind full stops, question marks and exclamation marks that blanks follow. Joined
// they are the line.
func sentences(line string) (all []string) {
	from := 0
	for i := 0; i+1 < len(line); i++ {
		if strings.IndexByte(".?!", line[i]) >= 0 && (line[i+1] == ' ' || line[i+1] == '\t') {
			end := i + 1
			for end < len(line) && (line[end] == ' ' || line[end] == '\t') {
				end++
			}
			all = append(all, line[from:end])
			from, i = end, end-1
		}
	}
	return append(all, line[from:])
}
