package aimemory

import (
	"os"

	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

// apiKeyVariable is the environment variable of the API key.
const apiKeyVariable = "AI_MEMORY_API_KEY"

// setKeys gives a configuration its API keys: from --api-key-file, else --api-key, else the
// environment, else the configuration file. Where a key was meant but is not known the server
// must not start: it would serve everyone.
func setKeys(c *cli.Context, file fileConfig, config *server.Config) error {
	switch env := os.Getenv(apiKeyVariable); {
	case c.IsSet("api-key-file"):
		if config.APIKeyFile = c.String("api-key-file"); config.APIKeyFile == "" {
			return usagef("--api-key-file is empty")
		}
	case c.IsSet("api-key"):
		config.APIKeys = []string{c.String("api-key")}
	case env != "":
		config.APIKeys = []string{env}
	case file.unreadKey != nil:
		return file.unreadKey
	case file.APIKey != "":
		config.APIKeys = []string{file.APIKey}
	}
	return nil
}
