// Package llm asks language models: any endpoint that is like OpenAI's, or Ollama. It talks to nobody but
// whom the user named.
package llm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Dialect is how a model is spoken to.
type Dialect int

const (
	// OpenAI is POST /v1/chat/completions, as OpenAI has it and many others do.
	OpenAI Dialect = iota
	// Ollama is POST /api/chat, as Ollama has it.
	Ollama
)

// DefaultTimeout is how long a model may take for an answer.
const DefaultTimeout = 2 * time.Minute

// maxAnswer bounds an answer, in bytes.
const maxAnswer = 4 << 20

// Options of a client.
type Options struct {
	URL     string // base URL, with or without /v1
	Dialect Dialect
	Model   string        // its name
	APIKey  string        // empty: none is shown
	Timeout time.Duration // of one question; 0 for DefaultTimeout
}

// Client asks one model. It may be used by several goroutines.
type Client struct {
	options Options
	base    string
	told    string // base without a password, for messages
	http    *http.Client
}

// New returns a client. It asks nothing yet. A URL that is not http or https, or has no host, is an error.
func New(o Options) (*Client, error) {
	at, err := url.Parse(o.URL)
	if err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "" || at.RawQuery != "" || at.Fragment != "" {
		return nil, errors.New("the URL of the language model must begin with http:// or https://, name a host, and end with its path")
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	at.Path, at.RawPath = strings.TrimRight(at.Path, "/"), ""
	if o.Dialect == OpenAI {
		at.Path = strings.TrimSuffix(at.Path, "/v1") + "/v1"
	}
	return &Client{options: o, base: at.String(), told: at.Redacted(), http: &http.Client{
		Timeout: o.Timeout,
		// What is asked goes to whom the user named, and to nobody that one names.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Name is the name of the model.
func (c *Client) Name() string { return c.options.Model }

// Available returns why the model cannot be asked; nil when its endpoint answers.
func (c *Client) Available(ctx context.Context) error {
	path := "/models"
	if c.options.Dialect == Ollama {
		path = "/api/tags"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, http.NoBody)
	if err != nil {
		return fmt.Errorf("ask %s: %w", c.told, err)
	}
	var status *statusError
	if _, err = c.do(req); errors.As(err, &status) && c.options.Dialect == OpenAI && status.missing() {
		return nil // it is there; not every endpoint lists its models
	}
	return err
}

// statusError is an answer that is no good one.
type statusError struct {
	status int
	text   string
}

func (s *statusError) Error() string { return s.text }

func (s *statusError) missing() bool {
	return s.status == http.StatusNotFound || s.status == http.StatusMethodNotAllowed || s.status == http.StatusNotImplemented
}

// message is a turn of a conversation, in both dialects.
type message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// ask puts a question and returns the answer.
func (c *Client) ask(ctx context.Context, instruction, question string) (string, error) {
	body := map[string]any{
		"model": c.options.Model, "stream": false,
		"messages": []message{{"system", instruction}, {"user", question}},
	}
	path := "/chat/completions"
	if c.options.Dialect == Ollama {
		path = "/api/chat"
	} else {
		body["temperature"] = 0
	}
	text, err := json.Marshal(body)
	if err != nil {
		return "", fmt.Errorf("ask %s: %w", c.told, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, bytes.NewReader(text))
	if err != nil {
		return "", fmt.Errorf("ask %s: %w", c.told, err)
	}
	req.Header.Set("Content-Type", "application/json")
	answer, err := c.do(req)
	if err != nil {
		return "", err
	}
	return c.content(answer)
}

// content is what the model says in an answer.
func (c *Client) content(answer []byte) (string, error) {
	var a struct {
		Choices []struct {
			Message message `json:"message"`
		} `json:"choices"`
		Message message `json:"message"`
	}
	if err := json.Unmarshal(answer, &a); err != nil {
		return "", fmt.Errorf("the answer of %s is not what it should be: %w", c.told, err)
	}
	text := a.Message.Content
	if len(a.Choices) > 0 {
		text = a.Choices[0].Message.Content
	}
	text = withoutThoughts(text)
	if strings.TrimSpace(text) == "" {
		return "", fmt.Errorf("%s has answered nothing", c.told)
	}
	return text, nil
}

// withoutThoughts leaves out what a model says to itself first.
func withoutThoughts(text string) string {
	if _, after, found := strings.Cut(text, "</think>"); found {
		return after
	}
	return text
}

// do sends a request and returns the body of a good answer.
func (c *Client) do(req *http.Request) ([]byte, error) {
	if c.options.APIKey != "" {
		req.Header.Set("Authorization", "Bearer "+c.options.APIKey)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("the language model cannot be reached: %w", err)
	}
	defer resp.Body.Close() //nolint:errcheck // it was read
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("the answer of %s broke off: %w", c.told, err)
	case len(body) > maxAnswer:
		return nil, fmt.Errorf("the answer of %s has more than %d bytes", c.told, maxAnswer)
	case resp.StatusCode < 200 || resp.StatusCode > 299:
		return nil, &statusError{resp.StatusCode, c.told + " answers " + resp.Status + ": " + c.advice(resp.StatusCode, body)}
	}
	return body, nil
}

// advice is what to do about a status.
func (c *Client) advice(status int, body []byte) string {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return "check the API key"
	case http.StatusNotFound:
		return fmt.Sprintf("check the URL and the name of the model (%s)", c.options.Model)
	case http.StatusTooManyRequests:
		return "it is asked too often: try later, or do less at once"
	}
	if status >= 300 && status < 400 {
		return "it wants another URL to be asked: name that one"
	}
	return fmt.Sprintf("%q", fmt.Sprintf("%.200s", bytes.TrimSpace(body)))
}

// ErrUnclear says that an answer is neither yes nor no.
var ErrUnclear = errors.New("the language model has answered neither yes nor no")
