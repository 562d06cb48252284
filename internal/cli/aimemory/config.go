package aimemory

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"chaosctl/server"
)

// fileConfig is what of the configuration file is used (contract section 13.4). What is absent
// stays nil or empty; keys that are not here are ignored.
type fileConfig struct {
	APIKey         string `toml:"api_key"`
	DB             string `toml:"db"`
	Tier           string `toml:"tier"`
	OllamaURL      string `toml:"ollama_url"`
	LLMModel       string `toml:"llm_model"`
	Hooks          bool   `toml:"autonomous_hooks"`
	ArchiveOnGC    *bool  `toml:"archive_on_gc"`
	ArchiveMaxDays int    `toml:"archive_max_days"`
	Identity       struct {
		AnonymizeDefault bool `toml:"anonymize_default"`
	} `toml:"identity"`
	TTL struct {
		Short       *int64 `toml:"short_ttl_secs"`
		Mid         *int64 `toml:"mid_ttl_secs"`
		Long        *int64 `toml:"long_ttl_secs"`
		ShortExtend *int64 `toml:"short_extend_secs"`
		MidExtend   *int64 `toml:"mid_extend_secs"`
	} `toml:"ttl"`

	// unreadKey is why an API key that the file may set is not known.
	unreadKey error
}

// configPath is where the configuration file is; empty when it is to be skipped, or there is no
// home to look in.
func configPath() string {
	home := os.Getenv("HOME")
	if _, skip := os.LookupEnv("AI_MEMORY_NO_CONFIG"); skip || home == "" {
		return ""
	}
	return filepath.Join(home, ".config", "ai-memory", "config.toml")
}

// loadConfig reads the configuration file and says so on stderr. One that cannot be read counts
// as empty, but for a key that it may hold.
func loadConfig(stderr io.Writer) fileConfig {
	path := configPath()
	if path == "" {
		return fileConfig{}
	}
	text, unread := os.ReadFile(path)
	if errors.Is(unread, fs.ErrNotExist) {
		return fileConfig{}
	}
	var c fileConfig
	err := unread
	if err == nil {
		c, err = parseConfig(string(text))
	}
	if err == nil {
		_, _ = fmt.Fprintln(stderr, "ai-memory: loaded config from", path)
		return c
	}
	_, _ = fmt.Fprintf(stderr, "ai-memory: config %s is not used, defaults hold: %v\n", path, err)
	if unread != nil || strings.Contains(string(text), "api_key") {
		return fileConfig{unreadKey: fmt.Errorf("%s may hold an api_key and cannot be read: %w", path, err)}
	}
	return fileConfig{}
}

// parseConfig reads TOML. Its errors name the place and never quote the text, which may be a key.
func parseConfig(text string) (fileConfig, error) {
	var c fileConfig
	_, err := toml.Decode(text, &c)
	var at toml.ParseError
	switch {
	case err == nil:
		return c, nil
	case errors.As(err, &at) && at.LastKey != "":
		return fileConfig{}, fmt.Errorf("line %d, at or after the key %s, is not what it should be", at.Position.Line, at.LastKey)
	case errors.As(err, &at):
		return fileConfig{}, fmt.Errorf("line %d is not TOML", at.Position.Line)
	default:
		return fileConfig{}, errors.New("a value is of the wrong type")
	}
}

// lifetimes are those of the file over the defaults.
func (c fileConfig) lifetimes() *server.Lifetimes {
	l := server.DefaultLifetimes()
	for _, set := range []struct {
		to   *time.Duration
		secs *int64
	}{
		{&l.Short, c.TTL.Short}, {&l.Mid, c.TTL.Mid}, {&l.Long, c.TTL.Long},
		{&l.ShortExtend, c.TTL.ShortExtend}, {&l.MidExtend, c.TTL.MidExtend},
	} {
		if set.secs != nil {
			*set.to = time.Duration(max(0, min(*set.secs, int64(server.MaxLifetime/time.Second)))) * time.Second
		}
	}
	return &l
}
