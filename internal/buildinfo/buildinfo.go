// Package buildinfo tells which build of this module a program is. It reads what the Go toolchain
// put into the binary; nothing has to be set when building.
package buildinfo

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Info identifies a build.
type Info struct {
	Version  string `json:"version"`  // of the module; devel when built from a working copy
	Revision string `json:"revision"` // of the source, with "+dirty" when changed; empty when unknown
	Time     string `json:"time"`     // of the revision, RFC 3339; empty when unknown
	Go       string `json:"go"`       // version of the toolchain
	Platform string `json:"platform"` // operating system and architecture
}

// Read returns what is known of the running program.
func Read() Info {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		build = &debug.BuildInfo{}
	}
	return from(build)
}

func from(build *debug.BuildInfo) Info {
	info := Info{Version: "devel", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if v := build.Main.Version; v != "" && v != "(devel)" {
		info.Version = v
	}
	dirty := ""
	for _, setting := range build.Settings {
		switch setting.Key {
		case "vcs.revision":
			info.Revision = setting.Value
		case "vcs.time":
			info.Time = setting.Value
		case "vcs.modified":
			if setting.Value == "true" {
				dirty = "+dirty"
			}
		}
	}
	if info.Revision != "" {
		info.Revision += dirty
	}
	return info
}

// String returns version, revision and toolchain in one line.
func (i Info) String() string {
	if i.Revision == "" {
		return fmt.Sprintf("%s (%s, %s)", i.Version, i.Go, i.Platform)
	}
	return fmt.Sprintf("%s %s (%s, %s)", i.Version, i.Revision, i.Go, i.Platform)
}
