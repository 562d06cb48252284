package server

import (
	"bytes"
	"errors"
	"io"
	"os"
)

// keptInMemory is how much of a text is kept in memory, in bytes; a larger one is in a file.
const keptInMemory = 16 << 20

// kept is a text that can be read again from where it began.
type kept struct {
	io.ReadSeeker
	start int64
	file  *os.File // to be closed; nil for none
}

// keep makes what is read once readable again. A file that can be read again is; anything else is copied, what
// is large into a temporary file without a name, which is gone with the process.
func keep(from io.Reader) (*kept, error) {
	if file, is := from.(*os.File); is {
		if start, err := file.Seek(0, io.SeekCurrent); err == nil {
			return &kept{ReadSeeker: file, start: start}, nil
		}
	}
	var head bytes.Buffer
	n, err := io.CopyN(&head, from, keptInMemory)
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return nil, err
	case n < keptInMemory:
		return &kept{ReadSeeker: bytes.NewReader(head.Bytes())}, nil
	}
	file, err := os.CreateTemp("", "ai-memory-import-*")
	if err != nil {
		return nil, err
	}
	k := &kept{ReadSeeker: file, file: file}
	if err := os.Remove(file.Name()); err != nil {
		return nil, errors.Join(err, k.Close())
	}
	if _, err := io.Copy(file, io.MultiReader(&head, from)); err != nil {
		return nil, errors.Join(err, k.Close())
	}
	if err := k.rewind(); err != nil {
		return nil, errors.Join(err, k.Close())
	}
	return k, nil
}

// rewind goes back to where the text began.
func (k *kept) rewind() error {
	_, err := k.Seek(k.start, io.SeekStart)
	return err
}

// Close releases the copy.
func (k *kept) Close() error {
	if k.file == nil {
		return nil
	}
	return k.file.Close()
}
