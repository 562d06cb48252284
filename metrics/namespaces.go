package metrics

import "slices"

// ByNamespace takes a history of several namespaces apart: one history for each, the main one
// first, with the operations and observations of that namespace and everything else as it is. A
// key is an identity within one of them. A history of one namespace is returned itself.
func (h *History) ByNamespace() []*History {
	others := h.others()
	if len(others) == 0 {
		return []*History{h}
	}
	spaces := make([]*History, 0, 1+len(others))
	place := map[string]*History{}
	for _, name := range append([]string{h.Namespace}, others...) {
		space := *h
		space.Namespace, space.Others, space.Operations, space.Observations = name, nil, nil, nil
		spaces = append(spaces, &space)
		place[name] = &space
	}
	place[""] = spaces[0]
	for _, op := range h.Operations {
		space := place[op.Namespace]
		op.Namespace = ""
		space.Operations = append(space.Operations, op)
	}
	for _, o := range h.Observations {
		space := place[o.Namespace]
		o.Namespace = ""
		space.Observations = append(space.Observations, o)
	}
	return spaces
}

// others lists the namespaces besides the main one, those that were named first.
func (h *History) others() []string {
	var names []string
	add := func(name string) {
		if name != "" && name != h.Namespace && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, name := range h.Others {
		add(name)
	}
	for _, op := range h.Operations {
		add(op.Namespace)
	}
	for _, o := range h.Observations {
		add(o.Namespace)
	}
	return names
}

// Qualified names a key of one of several namespaces; of the main one it is the key itself.
func (h *History) Qualified(namespace, key string) string {
	if namespace == "" || namespace == h.Namespace {
		return key
	}
	return namespace + "/" + key
}
