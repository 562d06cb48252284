// Package house keeps the architecture: its tests fail when a package imports what its room must
// never know, when a package has no doc comment or several, and when a file outgrows one idea.
package house
