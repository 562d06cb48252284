package aimemory

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// gitPatience is how long git may take to tell where a repository comes from.
const gitPatience = 2 * time.Second

// globalNamespace is that of a memory that comes from nowhere.
const globalNamespace = "global"

// defaultNamespace is named for the git repository that the directory is of, else for the
// directory (contract section 7.1).
func defaultNamespace(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, gitPatience)
	defer cancel()
	git := exec.CommandContext(ctx, "git", "remote", "get-url", "origin")
	git.WaitDelay = time.Millisecond // it may have left a process with our pipe
	out, err := git.Output()
	if name := repository(string(out)); err == nil && name != "" {
		return name
	}
	dir, err := os.Getwd()
	if name := filepath.Base(dir); err == nil && name != "/" && name != "." {
		return name
	}
	return globalNamespace
}

// repository is the name in a URL of a repository.
func repository(url string) string {
	url = strings.TrimSpace(url)
	return strings.TrimSuffix(url[strings.LastIndex(url, "/")+1:], ".git")
}
