// Package sandbox makes namespaces in which a cluster lives and with which it ends: a child
// process that is PID 1 of its own pid namespace, with mounts and a network of its own, in which
// every node has a network namespace too. Links between nodes are cut inside it; nothing of the
// host is touched, and nothing outlives the process that started it. No root is needed where
// unprivileged user namespaces are allowed. Data of nodes must not lie below /run, which a
// sandbox hides.
package sandbox
