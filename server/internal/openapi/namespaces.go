package openapi

import "net/http"

// namespaces is the list of namespaces, and the memories that are their standards.
func namespaces() part {
	const one, each = "/api/v1/namespaces/{ns}/standard", "/api/v1/namespaces"
	var (
		where   = []*Parameter{query("namespace", ref("Namespace")).needed()}
		inherit = query("inherit", flag("Answer the standards of the namespaces above, too.").byDefault(false))
		set     = []answer{{http.StatusOK, "StandardSet", "The standard, as it is now."}, denied, notFound, tooFew}
		cleared = []answer{{http.StatusOK, "StandardCleared", "There is none now."}, denied, tooFew}
	)
	return part{
		routes: []route{
			{
				method: http.MethodGet, path: each, id: "namespaces", tag: tagNamespaces,
				summary: "The namespaces with memories that have not expired",
				about:   "With namespace in the query it answers that one's standard.",
				params:  []*Parameter{query("namespace", ref("Namespace")), inherit},
				answers: []answer{{http.StatusOK, "NamespacesOrStandard", "Largest first; or a standard."}},
			},
			{
				method: http.MethodPost, path: one, id: "setNamespaceStandard", tag: tagNamespaces, agent: true,
				summary: "Make a memory the standard of a namespace",
				about:   "With governance, the memory's metadata holds the policy of the namespace from then on.",
				body:    ref("StandardRequest"), answers: set,
			},
			{
				method: http.MethodPut, path: one, id: "putNamespaceStandard", tag: tagNamespaces, agent: true,
				summary: "As POST", body: ref("StandardRequest"), answers: set,
			},
			{
				method: http.MethodGet, path: one, id: "getNamespaceStandard", tag: tagNamespaces,
				summary: "The standard of a namespace",
				params:  []*Parameter{inherit},
				answers: []answer{{http.StatusOK, "StandardOrChain", "The standard; standard_id is null when there is none."}},
			},
			{
				method: http.MethodDelete, path: one, id: "clearNamespaceStandard", tag: tagNamespaces, agent: true,
				summary: "Let a namespace have no standard", answers: cleared,
			},
			{
				method: http.MethodPost, path: each, id: "setStandardByQuery", tag: tagNamespaces, agent: true,
				summary: "Make a memory the standard of a namespace that the query names",
				params:  where, body: ref("StandardRequest"), answers: set,
			},
			{
				method: http.MethodPut, path: each, id: "putStandardByQuery", tag: tagNamespaces, agent: true,
				summary: "As POST", params: where, body: ref("StandardRequest"), answers: set,
			},
			{
				method: http.MethodDelete, path: each, id: "clearStandardByQuery", tag: tagNamespaces, agent: true,
				summary: "Let a namespace that the query names have no standard", params: where, answers: cleared,
			},
		},
		schemas: map[string]*Schema{
			"NamespaceCount":       object("A namespace and its size.", must("namespace", text("")), must("count", count(""))),
			"Namespaces":           object("Namespaces, largest first.", must("namespaces", list(ref("NamespaceCount"), ""))),
			"NamespacesOrStandard": anyOf("", ref("Namespaces"), ref("Standard"), ref("StandardChain")),
			"StandardRequest": object("What a namespace's standard is to be.",
				must("id", ref("Id").about("The memory.")),
				may("parent", ref("Namespace").about("Whose standard is the next more general one.").orNull()),
				may("governance", ref("GovernancePolicy").orNull())),
			"StandardSet": object("What was set.", must("set", exactly(true, "")), must("namespace", text("")),
				must("standard_id", text("")), may("parent", text("")), may("governance", ref("GovernancePolicy")), acks()),
			"Standard": object("The standard of a namespace.", must("namespace", text("")),
				must("standard_id", text("Null when there is none.").orNull()),
				may("title", text("")), may("content", text("")), may("priority", integer("")),
				may("governance", ref("GovernancePolicy")), may("parent", text("")),
				may("warning", text("The memory is gone."))),
			"StandardChain": object("The standards that hold for a namespace.", must("namespace", text("")),
				must("chain", list(text(""), "Namespaces, most general first.")),
				must("standards", list(ref("Standard"), "")), must("count", count("Of standards."))),
			"StandardOrChain": anyOf("", ref("Standard"), ref("StandardChain")),
			"StandardCleared": object("", must("cleared", flag("Whether there was one.")), must("namespace", text("")), acks()),
		},
	}
}
