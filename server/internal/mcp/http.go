package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
)

// sessionTimeout ends a session of a client that has said nothing for so long.
const sessionTimeout = 30 * time.Minute

// Handler serves clients over streamable HTTP.
type Handler struct {
	http.Handler
	sessions *sdk.Server
}

// Close ends all sessions, and with them the streams on which clients listen.
func (h *Handler) Close() error {
	var errs []error
	for session := range h.sessions.Sessions() {
		errs = append(errs, session.Close())
	}
	return errors.Join(errs...)
}

// Handler serves the same tools and prompts over streamable HTTP, by the protocol's own library, which speaks
// its newer versions. A request whose Host or Origin is not of this machine is refused where it arrives on this
// machine. Whoever takes the handler closes it.
func (s *Server) Handler() *Handler {
	server := sdk.NewServer(&sdk.Implementation{Name: Name, Version: s.options.Version}, &sdk.ServerOptions{Logger: s.options.Logger})
	for _, t := range s.tools {
		server.AddTool(t, s.sdkTool(t.Name))
	}
	server.AddPrompt(&sdk.Prompt{
		Name: promptRecall, Description: "Rules for an agent that remembers",
		Arguments: []*sdk.PromptArgument{{Name: "namespace", Description: "Namespace to keep to"}},
	}, sdkPrompt)
	server.AddPrompt(&sdk.Prompt{Name: promptWorkflow, Description: "One line for each of the tools that are used most"}, sdkPrompt)
	handler := sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return server }, &sdk.StreamableHTTPOptions{
		Logger: s.options.Logger, SessionTimeout: sessionTimeout, MaxRequestBodyBytes: MaxLine,
	})
	return &Handler{http.NewCrossOriginProtection().Handler(handler), server}
}

// sdkTool is a tool for the library.
func (s *Server) sdkTool(name string) sdk.ToolHandler {
	return func(ctx context.Context, req *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
		client := ""
		if p := req.Session.InitializeParams(); p != nil && p.ClientInfo != nil {
			client = p.ClientInfo.Name
		}
		return forLibrary(s.callRaw(ctx, client, name, req.Params.Arguments)), nil
	}
}

// callRaw is Call with arguments that nobody has looked at closely; empty ones are none.
func (s *Server) callRaw(ctx context.Context, client, name string, given json.RawMessage) result {
	if len(given) == 0 {
		given = json.RawMessage("{}")
	}
	if err := check(given); err != nil {
		return textResult("arguments: "+err.Error(), true)
	}
	return s.Call(ctx, client, name, readArguments(given))
}

// forLibrary is a result as the library has it.
func forLibrary(r result) *sdk.CallToolResult {
	out := &sdk.CallToolResult{IsError: r.IsError}
	for _, c := range r.Content {
		out.Content = append(out.Content, &sdk.TextContent{Text: c.Text})
	}
	return out
}

// sdkPrompt is a prompt for the library.
func sdkPrompt(_ context.Context, req *sdk.GetPromptRequest) (*sdk.GetPromptResult, error) {
	given := map[string]json.RawMessage{}
	for key, value := range req.Params.Arguments {
		if text, err := json.Marshal(value); err == nil {
			given[key] = text
		}
	}
	text, _ := promptText(req.Params.Name, given) // the library calls only those there are
	return &sdk.GetPromptResult{Messages: []*sdk.PromptMessage{{Role: "user", Content: &sdk.TextContent{Text: text}}}}, nil
}
