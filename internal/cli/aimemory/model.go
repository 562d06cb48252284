package aimemory

import (
	"cmp"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

// modelKeyVariable is the variable of the API key of a language model.
const modelKeyVariable = "AI_MEMORY_LLM_API_KEY"

// modelFlags say which language model is used.
func modelFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{
			Name: "llm-url",
			Usage: "`URL` of a language model with an interface like OpenAI's; its key is in the variable " + modelKeyVariable +
				". Without it the tiers smart and autonomous ask Ollama",
		},
		&cli.StringFlag{Name: "llm-model", Usage: "`NAME` of the language model"},
	}
}

// modelOf is the language model that flags and configuration file name for a feature tier; its URL is
// empty when there is to be none.
func modelOf(c *cli.Context, file fileConfig, tier string) server.Model {
	name := cmp.Or(c.String("llm-model"), file.LLMModel, defaultModel(tier))
	if at := c.String("llm-url"); at != "" {
		return server.Model{URL: at, Name: name, APIKey: os.Getenv(modelKeyVariable)}
	}
	if tier != "smart" && tier != "autonomous" {
		return server.Model{}
	}
	return server.Model{URL: cmp.Or(file.OllamaURL, server.DefaultOllamaURL), Name: name, Ollama: true}
}

func defaultModel(tier string) string {
	if tier == "autonomous" {
		return server.DefaultAutonomousName
	}
	return server.DefaultSmartModel
}

// defaultTier is the feature tier where nothing else is said.
const defaultTier = "semantic"

// featureTier is a tier by its name; one that is none is taken for the default, which is said.
func featureTier(c *cli.Context, name string) string {
	tier := strings.ToLower(strings.TrimSpace(name))
	if tier == "" {
		return defaultTier
	}
	if !slices.Contains(server.FeatureTiers(), tier) {
		note(c, "ai-memory: tier %q is none of %s; %s is used", name, strings.Join(server.FeatureTiers(), ", "), defaultTier)
		return defaultTier
	}
	return tier
}
