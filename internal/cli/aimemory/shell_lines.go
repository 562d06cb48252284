package aimemory

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"
)

const prompt = "memory> "

// maxLine bounds a line that is given to the shell, in bytes.
const maxLine = 1 << 20

var errLongLine = errors.New("the line is longer than 1 MiB")

// typed is what a user gives, line by line, after a prompt on stderr. It is read beside what uses
// it, because nothing ends a read that waits. newTyped makes it, close ends it.
type typed struct {
	ask    chan struct{}
	answer chan answer
	done   chan struct{} // closed when nothing reads any more
	begin  func() (end func())
}

type answer struct {
	line string
	err  error
}

// newTyped reads from the input of the program: from a terminal with a history and the usual keys, from
// elsewhere as it comes.
func newTyped(c *cli.Context) *typed {
	l := &typed{ask: make(chan struct{}), answer: make(chan answer, 1), done: make(chan struct{})}
	read := l.plain(c)
	if in, is := c.App.Reader.(*os.File); is && term.IsTerminal(int(in.Fd())) { //nolint:gosec // descriptors are small
		read = l.edited(in, c.App.ErrWriter)
	}
	go func() {
		defer close(l.done)
		for range l.ask {
			line, err := read()
			l.answer <- answer{line, err}
		}
	}()
	return l
}

// next returns the next line. An error other than errLongLine is the last; io.EOF is the regular one.
func (l *typed) next(ctx context.Context) (string, error) {
	defer l.begin()()
	l.ask <- struct{}{}
	select {
	case a := <-l.answer:
		return a.line, a.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// close ends the reading. When a read waits still, which is after an interrupt, it waits until the program ends.
func (l *typed) close(ctx context.Context) {
	close(l.ask)
	select {
	case <-l.done:
	case <-ctx.Done():
	}
}

// plain reads lines as they come.
func (l *typed) plain(c *cli.Context) func() (string, error) {
	l.begin = func() func() {
		_, _ = io.WriteString(c.App.ErrWriter, prompt)
		return func() {}
	}
	from := bufio.NewReader(c.App.Reader)
	return func() (string, error) { return readLine(from) }
}

// edited reads lines from a terminal, which is raw only meanwhile: so an interrupt is one while a command runs.
func (l *typed) edited(in *os.File, out io.Writer) func() (string, error) {
	fd := int(in.Fd()) //nolint:gosec // descriptors are small
	terminal := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{in, out}, prompt)
	l.begin = func() func() {
		before, err := term.MakeRaw(fd)
		if err != nil {
			return func() {}
		}
		if width, height, err := term.GetSize(fd); err == nil && width > 0 {
			_ = terminal.SetSize(width, height)
		}
		return func() { _ = term.Restore(fd, before) }
	}
	return terminal.ReadLine
}

// readLine reads up to the end of a line, or of the input.
func readLine(from *bufio.Reader) (string, error) {
	var line []byte
	long := false
	for {
		part, err := from.ReadSlice('\n')
		if long = long || len(line)+len(part) > maxLine; !long {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && (len(line) > 0 || long): // a last line without an end
		case err != nil:
			return "", err
		}
		if long {
			return "", errLongLine
		}
		return string(line), nil
	}
}
