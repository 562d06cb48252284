// Package backup makes snapshots of a database that is in use, keeps as many as wanted, and puts
// one back (contract section 8).
package backup

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

// stampLayout is how names tell the time, UTC: YYYY-MM-DDTHHMMSSZ.
const stampLayout = "2006-01-02T150405Z"

const (
	snapshotEnding = ".db"
	manifestEnding = ".manifest.json"
)

// maxPerSecond bounds the snapshots with one time.
const maxPerSecond = 1000

// snapshotName is how a snapshot is called. Sorted by it, snapshots are sorted by their time and, within a
// second, by their number: the first has none, the second is _002.
var snapshotName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^ai-memory-([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{6}Z(?:_[0-9]{3})?)\.db$`)
})

// nthStem is the name, without its ending, of the n-th snapshot of a second; n begins at 1.
func nthStem(at time.Time, n int) string {
	stem := "ai-memory-" + stamp(at)
	if n > 1 {
		stem += fmt.Sprintf("_%03d", n)
	}
	return stem
}

func stamp(at time.Time) string { return at.UTC().Format(stampLayout) }

// orderOf returns what a snapshot is sorted by; is is false for a name that is none.
func orderOf(name string) (order string, is bool) {
	parts := snapshotName().FindStringSubmatch(name)
	if parts == nil {
		return "", false
	}
	return parts[1], true
}

// manifestOf is the path of the manifest that belongs to a snapshot.
func manifestOf(snapshot string) string {
	return strings.TrimSuffix(snapshot, filepath.Ext(snapshot)) + manifestEnding
}

// within joins a name to a folder as it was given: people find in messages what they wrote.
func within(dir, name string) string {
	if strings.HasSuffix(dir, "/") {
		return dir + name
	}
	return dir + "/" + name
}
