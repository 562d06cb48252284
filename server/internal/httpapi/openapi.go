package httpapi

import (
	"net/http"
	"strconv"
	"sync"

	"chaosctl/server/internal/openapi"
)

// describe answers GET /api/v1/openapi.json. The document is made when it is first asked for.
func describe() handler {
	document := sync.OnceValues(func() ([]byte, error) { return openapi.New().JSON() })
	return func(w http.ResponseWriter, _ *http.Request) error {
		text, err := document()
		if err != nil {
			return err
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(text)))
		_, _ = w.Write(text)
		return nil
	}
}
