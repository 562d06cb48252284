package server

import (
	"context"
	"log/slog"
	"time"

	"chaosctl/server/internal/llm"
	"chaosctl/server/internal/mcp"
)

// Names and addresses of models where nothing else is said (contract section 13.4).
const (
	DefaultOllamaURL      = "http://localhost:11434"
	DefaultSmartModel     = "gemma4:e2b"
	DefaultAutonomousName = "gemma4:e4b"
)

// probing is how long an endpoint may take to tell that it is there.
const probing = 3 * time.Second

// open returns a client of the model and its name; nil when there is none, or when it does not answer, which is
// logged.
func (m Model) open(ctx context.Context, logger *slog.Logger) (mcp.Model, string) {
	if m.URL == "" {
		return nil, ""
	}
	dialect := llm.OpenAI
	if m.Ollama {
		dialect = llm.Ollama
	}
	client, err := llm.New(llm.Options{URL: m.URL, Dialect: dialect, Model: m.Name, APIKey: m.APIKey})
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, probing)
		defer cancel()
		err = client.Available(ctx)
	}
	if err != nil {
		logger.Warn("the language model is not used", "error", err)
		return nil, ""
	}
	return client, m.Name
}
