package memory

import "strings"

// Ancestors returns a namespace and those above it, nearest first: "a/b" and "a" for "a/b". There
// are at most MaxSegments of them.
func Ancestors(namespace string) []string {
	found := []string{namespace}
	for len(found) < MaxSegments {
		slash := strings.LastIndexByte(namespace, '/')
		if slash < 0 {
			break
		}
		namespace = namespace[:slash]
		found = append(found, namespace)
	}
	return found
}

// segments is how deep a namespace is; 1 for one without a slash.
func segments(namespace string) int { return strings.Count(namespace, "/") + 1 }

// Visible tells whether an agent of a namespace may see a memory of a scope and a namespace
// (contract section 4.10). An empty scope is private; what is no scope, nobody sees.
func Visible(scope, namespace, agent string) bool {
	switch scope {
	case ScopeCollective:
		return true
	case ScopePrivate, "":
		return namespace == agent
	case ScopeTeam:
		return below(namespace, agent, 1)
	case ScopeUnit:
		return below(namespace, agent, 2)
	case ScopeOrg:
		return below(namespace, agent, 3)
	default:
		return false
	}
}

// below tells whether a namespace is what lies some levels above an agent's, or within that.
func below(namespace, agent string, levels int) bool {
	for range levels {
		slash := strings.LastIndexByte(agent, '/')
		if slash < 0 {
			return false
		}
		agent = agent[:slash]
	}
	return namespace == agent || strings.HasPrefix(namespace, agent+"/")
}
