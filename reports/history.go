package reports

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"chaosctl/metrics"
)

// HistoryFolder is the folder of a campaign's histories, one file a cycle.
const HistoryFolder = "history"

// historyEnd is how the names of their files end.
const historyEnd = ".hist.gz"

// Histories keeps the history of each cycle of a campaign in a file of its own:
// history/<fault>-c<cycle>.hist.gz, with -2, -3 ... behind the fault's name where it was asked for
// again with other parameters. A file is there as a whole or not at all; that of a cycle that is
// kept again replaces the one before. It is not safe for concurrent use.
type Histories struct{ dir string }

// OpenHistories makes the folder of histories in a campaign's folder, where there is none.
func OpenHistories(campaign string) (*Histories, error) {
	dir := filepath.Join(campaign, HistoryFolder)
	err := os.Mkdir(dir, 0o755)
	if errors.Is(err, fs.ErrExist) {
		return &Histories{dir}, nil
	}
	if err == nil {
		err = syncFolder(campaign)
	}
	if err != nil {
		return nil, fmt.Errorf("make the folder of histories: %w", err)
	}
	return &Histories{dir}, nil
}

// Keep writes the history of a cycle and returns when it is on disk.
func (k *Histories) Keep(facts metrics.CycleFacts, h *metrics.History) error {
	return k.keep(facts, func(file *os.File) error { return metrics.EncodeHistory(file, facts, h) })
}

// KeepEncoded does so with a history as metrics.EncodeHistory has written it. Of the facts it needs
// the fault, its value and the cycle.
func (k *Histories) KeepEncoded(facts metrics.CycleFacts, encoded []byte) error {
	return k.keep(facts, func(file *os.File) error {
		_, err := file.Write(encoded)
		return err
	})
}

func (k *Histories) keep(facts metrics.CycleFacts, fill func(*os.File) error) error {
	path, err := k.path(facts)
	if err == nil {
		err = writeFilled(path, fill)
	}
	if err != nil {
		return fmt.Errorf("keep the history of %s, cycle %d: %w", facts.Fault, facts.Cycle, err)
	}
	return nil
}

// replaces reports whether the file there is that of the same fault, or cannot be read and is
// nobody's.
func replaces(path string, facts metrics.CycleFacts) bool {
	there, _, err := OpenHistory(path)
	return err != nil || there.FaultSpec == facts.FaultSpec
}

// path finds the file of a cycle: the first of its names that is free or may be replaced.
func (k *Histories) path(facts metrics.CycleFacts) (string, error) {
	for suffix := 1; ; suffix++ {
		path := filepath.Join(k.dir, historyName(facts, suffix))
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			return path, nil
		} else if err != nil {
			return "", err
		}
		if replaces(path, facts) {
			return path, nil
		}
	}
}

// historyName is the name of a cycle's file. The name of a fault from elsewhere may be anything.
func historyName(facts metrics.CycleFacts, suffix int) string {
	name := filepath.Base(facts.Fault)
	if suffix > 1 {
		name += "-" + strconv.Itoa(suffix)
	}
	return fmt.Sprintf("%s-c%d%s", name, facts.Cycle, historyEnd)
}

// OpenHistory reads one file of a history.
func OpenHistory(path string) (metrics.CycleFacts, metrics.History, error) {
	file, err := os.Open(path)
	if err != nil {
		return metrics.CycleFacts{}, metrics.History{}, fmt.Errorf("open a history: %w", err)
	}
	defer file.Close()
	facts, history, err := metrics.DecodeHistory(file)
	if err != nil {
		return metrics.CycleFacts{}, metrics.History{}, fmt.Errorf("read the history %s: %w", path, err)
	}
	return facts, history, nil
}

// HistoryFiles lists the files of histories in a campaign's folder, by name and cycle. A folder
// without histories has none, and so has what is no folder.
func HistoryFiles(campaign string) ([]string, error) {
	dir := filepath.Join(campaign, HistoryFolder)
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list the histories: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), historyEnd) && !strings.HasPrefix(entry.Name(), ".") {
			names = append(names, entry.Name())
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		nameA, cycleA := splitHistoryName(a)
		nameB, cycleB := splitHistoryName(b)
		return cmp.Or(cmp.Compare(nameA, nameB), cmp.Compare(cycleA, cycleB), cmp.Compare(a, b))
	})
	for i, name := range names {
		names[i] = filepath.Join(dir, name)
	}
	return names, nil
}

// splitHistoryName takes a file's name apart; a name that is not ours has cycle 0.
func splitHistoryName(file string) (name string, cycle int) {
	file = strings.TrimSuffix(file, historyEnd)
	i := strings.LastIndex(file, "-c")
	if i < 0 {
		return file, 0
	}
	cycle, err := strconv.Atoi(file[i+len("-c"):])
	if err != nil {
		return file, 0
	}
	return file[:i], cycle
}
