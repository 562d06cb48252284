package house_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// module is the path before every import of ours.
const module = "chaosctl/"

// pkg is a package as go list tells it.
type pkg struct {
	ImportPath   string
	Name         string
	Dir          string
	GoFiles      []string
	TestGoFiles  []string
	XTestGoFiles []string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// name is the package's path within the module.
func (p pkg) name() string { return strings.TrimPrefix(p.ImportPath, module) }

// sources are the package's own files without tests, or its tests when it has nothing else.
func (p pkg) sources() []string {
	if len(p.GoFiles) > 0 {
		return p.paths(p.GoFiles)
	}
	return p.paths(slices.Concat(p.TestGoFiles, p.XTestGoFiles))
}

func (p pkg) paths(files []string) []string {
	var paths []string
	for _, file := range files {
		paths = append(paths, filepath.Join(p.Dir, file))
	}
	return paths
}

// packages lists every package of the module.
func packages(t *testing.T) []pkg {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-e", "-json", "./...")
	list.Dir = filepath.Join("..", "..")
	var stderr bytes.Buffer
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v: %s", err, stderr.String())
	}
	var all []pkg
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 5 {
		t.Fatalf("go list found %d packages: it looked in the wrong place", len(all))
	}
	return all
}

// under reports whether a package is in a room.
func under(name, room string) bool { return name == room || strings.HasPrefix(name, room+"/") }
