package aimemory

import (
	"errors"

	"chaosctl/server"
)

// failed words what a use case says (contract section 7.1): what is for the user alone, without
// what the program was about to do.
func failed(err error) error {
	var (
		invalid   *server.Invalid
		denied    *server.Denied
		unknown   *server.Unknown
		taken     *server.TitleInUse
		ambiguous *server.AmbiguousPrefix
		forbidden *server.Forbidden
	)
	switch {
	case err == nil:
		return nil
	case errors.As(err, &denied):
		return &plainError{denied.Error()}
	case errors.As(err, &invalid):
		return invalid
	case errors.As(err, &unknown):
		return unknown
	case errors.As(err, &taken):
		return taken
	case errors.As(err, &ambiguous):
		return ambiguous
	case errors.As(err, &forbidden):
		return forbidden
	}
	return err
}

// failedOn is failed for the memory that the user named.
func failedOn(id string, err error) error {
	if errors.Is(err, server.ErrNotFound) {
		return plainf("not found: %s", id)
	}
	return failed(err)
}
