// Package contract holds ai-memory to what clients of ai-memory 0.6.0 have seen it do: recorded
// exchanges, and the behaviours that are named in docs/compatibility.md. It starts the real program
// and knows nothing of what is behind its command line and its routes.
package contract
