package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"chaosctl/server/internal/service"
)

// reply writes a value as JSON. Keys come out sorted: a map's by encoding/json, a struct's by
// the order of its fields.
func reply(w http.ResponseWriter, status int, value any) error {
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return err
	}
	text := bytes.TrimSuffix(body.Bytes(), []byte("\n"))
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text) // a client that went away is no failure of ours
	return nil
}

// plain is a refusal in plain text, as the original's framework gives them.
type plain struct {
	status int
	text   string
}

// Error returns the text.
func (p *plain) Error() string { return p.text }

// failure is where errors become answers.
func (a *api) failure(w http.ResponseWriter, r *http.Request, err error) {
	var (
		text      *plain
		invalid   *service.Invalid
		ambiguous *service.AmbiguousPrefix
		taken     *service.TitleInUse
		unknown   *service.Unknown
	)
	if status, message := denial(err); status != 0 {
		a.refuse(w, status, message)
		return
	}
	switch {
	case errors.As(err, &text):
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(text.status)
		_, _ = w.Write([]byte(text.text))
	case errors.As(err, &invalid):
		a.refuse(w, http.StatusBadRequest, invalid.Message)
	case errors.As(err, &ambiguous):
		a.refuse(w, http.StatusBadRequest, ambiguous.Error())
	case errors.As(err, &taken):
		a.refuse(w, http.StatusConflict, taken.Error())
	case errors.As(err, &unknown):
		a.refuse(w, http.StatusNotFound, unknown.Error())
	case errors.Is(err, service.ErrNotArchived):
		a.refuse(w, http.StatusNotFound, service.ErrNotArchived.Error())
	case errors.Is(err, service.ErrActive):
		a.refuse(w, http.StatusConflict, service.ErrActive.Error())
	case errors.Is(err, service.ErrNotFound):
		a.refuse(w, http.StatusNotFound, "not found")
	case r.Context().Err() != nil && errors.Is(err, context.Canceled):
		a.refuse(w, statusClientGone, "the client went away")
	default:
		a.logger.Error("handler error", "method", r.Method, "path", r.URL.Path, "error", err)
		a.refuse(w, http.StatusInternalServerError, "internal server error")
	}
}

// statusClientGone is written when nobody reads it; it keeps the metrics honest.
const statusClientGone = 499

func (a *api) refuse(w http.ResponseWriter, status int, message string) {
	if err := reply(w, status, map[string]string{"error": message}); err != nil {
		a.logger.Error("write an error", "error", err)
	}
}
