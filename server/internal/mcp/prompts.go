package mcp

import "encoding/json"

// The prompts (contract section 11.6).
const (
	promptRecall   = "recall-first"
	promptWorkflow = "memory-workflow"
)

func promptList() []any {
	return []any{
		map[string]any{
			"name": promptRecall, "description": "Rules for an agent that remembers: look first, store what was corrected",
			"arguments": []any{map[string]any{
				"name": "namespace", "description": "Namespace to keep to", "required": false,
			}},
		},
		map[string]any{"name": promptWorkflow, "description": "One line for each of the tools that are used most"},
	}
}

const recallRules = `Rules for working with this memory:
1. Before you answer, call memory_recall with what you are asked about. What is remembered goes before what you assume.
2. When the user corrects you, store the correction at once: memory_store with tier "long" and priority 9.
3. Lists come as TOON, which costs fewer tokens than JSON; ask for format "json" only where you must parse it.
4. Choose the tier by how long a fact holds: short for hours, mid for a week, long for ever.
5. A title is stored once in a namespace: to store it again changes the memory. Use titles that name the fact.
6. Keep to one namespace a project; a namespace with slashes also recalls from those above it.
7. Call memory_capabilities once to see what this server can do before you rely on it.
8. Give tags: they are what others filter by.
`

const workflow = `memory_recall: what is known about a context, the best first
memory_search: memories that hold all words of a query
memory_store: keep a fact; the same title in the same namespace is changed
memory_update: change fields of a memory
memory_list: memories of a namespace, by priority
memory_get: one memory and its links
memory_link: say how two memories relate
memory_promote: keep a memory for ever
memory_forget: take out all that fits a filter
memory_consolidate: make one memory of several
memory_session_start: what to know when a session begins
`

// promptText is the text of a prompt; known is false when there is none of the name.
func promptText(name string, given map[string]json.RawMessage) (text string, known bool) {
	switch name {
	case promptRecall:
		text = recallRules
		if namespace := arguments(given).given("namespace"); namespace != nil {
			text += "Keep to the namespace " + *namespace + ": give it with every call.\n"
		}
		return text, true
	case promptWorkflow:
		return workflow, true
	}
	return "", false
}
