package aimemory

import (
	"errors"
	"io"
	"strings"
	"unicode"

	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

func shellCommand() *cli.Command {
	return &cli.Command{Name: "shell", Usage: "read commands line by line, on one open database", Action: shell}
}

func shell(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	return withMemories(c, func(s session) error {
		given := newTyped(c)
		defer given.close(c.Context)
		for quit := false; !quit; {
			line, err := given.next(c.Context)
			switch {
			case errors.Is(err, errLongLine):
				note(c, "error: %v", err)
				continue
			case errors.Is(err, io.EOF), c.Err() != nil:
				quit = true
			case err != nil:
				note(c, "error: reading the input: %v", err)
				quit = true
			default:
				quit = s.interpret(c, line)
			}
		}
		_ = printLine(c, "goodbye") // whoever has gone does not miss it
		return nil
	})
}

// interpret does what a line says, and tells whether it was the last. What goes wrong is told on stderr.
func (s session) interpret(c *cli.Context, line string) (quit bool) {
	name, rest := strings.TrimSpace(line), ""
	if i := strings.IndexFunc(name, unicode.IsSpace); i >= 0 {
		name, rest = name[:i], strings.TrimSpace(name[i:])
	}
	if name == "quit" || name == "exit" || name == "q" {
		return true
	}
	if err := s.obey(c, name, rest); err != nil {
		note(c, "error: %v", err)
	}
	return false
}

const shellHelp = `recall CONTEXT        (r)        what fits a context, the best first
search QUERY          (s)        what holds all words of a query
list [NAMESPACE]      (ls)       memories, by priority
get ID                           a memory and its links
stats                            counts
namespaces            (ns)       namespaces
delete ID             (del, rm)  delete a memory for ever
help                  (h)        this
quit                  (exit, q)  leave`

// obey does what a command says, whose arguments are one text.
func (s session) obey(c *cli.Context, name, rest string) error {
	if notText(name) || notText(rest) {
		return errors.New("the line is no UTF-8")
	}
	switch name {
	case "":
		return nil
	case "help", "h":
		return printLine(c, shellHelp)
	case "recall", "r":
		return s.recallLine(c, rest)
	case "search", "s":
		return s.searchLine(c, rest)
	case "list", "ls":
		return s.listLine(c, rest)
	case "get":
		return s.getLine(c, rest)
	case "stats":
		found, err := s.Stats(c.Context)
		if err != nil {
			return failed(err)
		}
		return printStats(c, found)
	case "namespaces", "ns":
		found, err := s.Namespaces(c.Context)
		if err != nil {
			return failed(err)
		}
		return printNamespaces(c, found)
	case "delete", "del", "rm":
		return s.deleteLine(c, rest)
	}
	return errors.New("unknown command: " + name + " (try help)")
}

func needs(what, rest string) error {
	if rest == "" {
		return errors.New("it needs " + what + " (try help)")
	}
	return nil
}

func (s session) recallLine(c *cli.Context, text string) error {
	if err := needs("a context", text); err != nil {
		return err
	}
	if _, err := s.Collect(c.Context); err != nil {
		return err
	}
	found, err := s.Recall(c.Context, server.SearchQuery{Query: server.Query{Limit: defaultRecalled}, Text: text}, nil)
	if err != nil {
		return failed(err)
	}
	return printRecalled(c, text, found, nil)
}

func (s session) searchLine(c *cli.Context, text string) error {
	if err := needs("a query", text); err != nil {
		return err
	}
	if _, err := s.Collect(c.Context); err != nil {
		return err
	}
	found, err := s.Search(c.Context, server.SearchQuery{Query: server.Query{Limit: defaultListed}, Text: text})
	if err != nil {
		return failed(err)
	}
	return printResults(c, text, found)
}

func (s session) listLine(c *cli.Context, namespace string) error {
	if _, err := s.Collect(c.Context); err != nil {
		return err
	}
	q := server.Query{Limit: defaultListed}
	if namespace != "" {
		q.Namespace = &namespace
	}
	found, err := s.List(c.Context, q)
	if err != nil {
		return failed(err)
	}
	return printListed(c, found)
}

// exactly is the memory with an id in full: in the shell nothing is guessed.
func (s session) exactly(c *cli.Context, id string) (server.Memory, error) {
	if err := needs("an id", id); err != nil {
		return server.Memory{}, err
	}
	m, err := s.Get(c.Context, id)
	var several *server.AmbiguousPrefix
	if errors.Is(err, server.ErrNotFound) || errors.As(err, &several) || err == nil && m.ID != id {
		return m, errors.New("not found: " + id)
	}
	return m, failed(err)
}

func (s session) getLine(c *cli.Context, id string) error {
	m, err := s.exactly(c, id)
	if err != nil {
		return err
	}
	links, err := s.Links(c.Context, m.ID)
	if err != nil {
		return failed(err)
	}
	return printMemory(c, m, links)
}

func (s session) deleteLine(c *cli.Context, id string) error {
	m, err := s.exactly(c, id)
	if err != nil {
		return err
	}
	deleted, err := s.Delete(c.Context, m.ID, s.agent)
	if err != nil {
		return failed(err)
	}
	return printDeleted(c, deleted)
}
