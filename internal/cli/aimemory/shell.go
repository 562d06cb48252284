package aimemory

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"chaosctl/server"
)

func shellCommand() *cli.Command {
	return &cli.Command{Name: "shell", Usage: "read commands line by line", Action: shell}
}

const prompt = "memory> "

// maxCommand bounds a line of the shell, in bytes.
const maxCommand = 1 << 20

func shell(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	return withMemories(c, func(s session) error {
		lines, restore := newLines(c)
		defer restore()
		sh := &interpreter{c, s}
		for {
			line, err := lines.next(c.Context)
			if err != nil { // the end of the input, or an interrupt
				break
			}
			if quit := sh.do(line); quit {
				break
			}
		}
		restore()
		return printLine(c, "goodbye")
	})
}

// lineSource is where the lines of a user come from, one after the other.
type lineSource interface {
	next(ctx context.Context) (string, error)
}

// newLines reads from a terminal with a history and the usual keys, or else as it comes.
func newLines(c *cli.Context) (from lineSource, restore func()) {
	in, isFile := c.App.Reader.(*os.File)
	if isFile && isatty.IsTerminal(in.Fd()) {
		if before, err := term.MakeRaw(int(in.Fd())); err == nil { //nolint:gosec // a descriptor is small
			both := struct {
				io.Reader
				io.Writer
			}{in, c.App.ErrWriter}
			return &terminalLines{term.NewTerminal(both, prompt)}, func() { _ = term.Restore(int(in.Fd()), before) } //nolint:gosec // likewise
		}
	}
	given, ctx := make(chan string), c.Context
	go func() {
		defer close(given)
		read := bufio.NewScanner(c.App.Reader)
		read.Buffer(nil, maxCommand)
		for read.Scan() {
			select {
			case given <- read.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return &pipedLines{given, c}, func() {}
}

type terminalLines struct{ terminal *term.Terminal }

func (t *terminalLines) next(context.Context) (string, error) { return t.terminal.ReadLine() }

type pipedLines struct {
	given <-chan string
	c     *cli.Context
}

func (p *pipedLines) next(ctx context.Context) (string, error) {
	_, _ = io.WriteString(p.c.App.ErrWriter, prompt)
	select {
	case line, more := <-p.given:
		if !more {
			return "", io.EOF
		}
		return line, nil
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// interpreter does what lines say, on one open database.
type interpreter struct {
	*cli.Context
	session session
}

// do does what a line says, and tells whether it was the last. What goes wrong is told on stderr.
func (i *interpreter) do(line string) (quit bool) {
	name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	rest = strings.TrimSpace(rest)
	var err error
	switch name {
	case "":
	case "quit", "exit", "q":
		return true
	case "help", "h":
		err = printLine(i.Context, shellHelp)
	case "recall", "r":
		err = i.recall(rest)
	case "search", "s":
		err = i.search(rest)
	case "list", "ls":
		err = i.list(rest)
	case "get":
		err = i.get(rest)
	case "stats":
		var st server.Stats
		if st, err = i.session.Stats(i.Context.Context); err == nil {
			err = printStats(i.Context, st)
		}
	case "namespaces", "ns":
		err = i.namespaces()
	case "delete", "del", "rm":
		err = i.delete(rest)
	default:
		note(i.Context, "unknown command: %s (try help)", name)
	}
	if err != nil {
		note(i.Context, "error: %v", err)
	}
	return false
}

const shellHelp = `recall CONTEXT (r)      what fits a context, the best first
search QUERY (s)        what holds all words of a query
list [NAMESPACE] (ls)   memories, by priority
get ID                  a memory and its links
stats                   counts
namespaces (ns)         namespaces
delete ID (del, rm)     delete a memory
quit (exit, q)          leave`

var errNoArgument = errors.New("it needs an argument (try help)")

func (i *interpreter) recall(text string) error {
	if text == "" {
		return errNoArgument
	}
	found, err := i.session.Recall(i.Context.Context, server.SearchQuery{Query: server.Query{Limit: defaultRecalled}, Text: text}, nil)
	if err != nil {
		return failed(err)
	}
	return printRecalled(i.Context, text, found, nil)
}

func (i *interpreter) search(text string) error {
	if text == "" {
		return errNoArgument
	}
	found, err := i.session.Search(i.Context.Context, server.SearchQuery{Query: server.Query{Limit: defaultListed}, Text: text})
	if err != nil {
		return failed(err)
	}
	if len(found) == 0 {
		note(i.Context, "no results for: %s", text)
		return nil
	}
	return printMemories(i.Context, found, "%d result(s)")
}

func (i *interpreter) list(namespace string) error {
	q := server.Query{Limit: defaultListed}
	if namespace != "" {
		q.Namespace = &namespace
	}
	found, err := i.session.List(i.Context.Context, q)
	if err != nil {
		return failed(err)
	}
	if len(found) == 0 {
		note(i.Context, "no memories stored")
		return nil
	}
	return printMemories(i.Context, found, "%d memory(ies)")
}

// exactly returns the memory with exactly an id: in a shell nothing is guessed.
func (i *interpreter) exactly(id string) (server.Memory, error) {
	if id == "" {
		return server.Memory{}, errNoArgument
	}
	m, err := i.session.Get(i.Context.Context, id)
	if errors.Is(err, server.ErrNotFound) || err == nil && m.ID != id {
		return m, errors.New("not found: " + id)
	}
	return m, failed(err)
}

func (i *interpreter) get(id string) error {
	m, err := i.exactly(id)
	if err != nil {
		return err
	}
	links, err := i.session.Links(i.Context.Context, m.ID)
	if err != nil {
		return failed(err)
	}
	return printMemory(i.Context, m, links)
}

func (i *interpreter) namespaces() error {
	found, err := i.session.Namespaces(i.Context.Context)
	if err != nil {
		return failed(err)
	}
	for _, n := range found {
		if err := printf(i.Context, "  %s: %d memories", n.Name, n.Count); err != nil {
			return err
		}
	}
	return nil
}

func (i *interpreter) delete(id string) error {
	m, err := i.exactly(id)
	if err != nil {
		return err
	}
	deleted, err := i.session.Delete(i.Context.Context, m.ID, i.session.agent)
	switch {
	case err != nil:
		return failed(err)
	case deleted.Queued != nil:
		return printQueued(i.Context, *deleted.Queued)
	}
	return printLine(i.Context, "deleted: "+deleted.ID)
}
