// Package e2e runs the programs of this repository as people do: real campaigns on real processes
// in real sandboxes, as root and as an ordinary user. It knows command lines, files and exit
// statuses, and nothing of what is behind them.
package e2e
