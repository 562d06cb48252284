package aimemory

import (
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"chaosctl/server"
)

// Variables of the environment that decide who is acting.
const (
	agentVariable     = "AI_MEMORY_AGENT_ID"
	anonymizeVariable = "AI_MEMORY_ANONYMIZE"
)

// session is a database under a command, and on whose behalf it is used.
type session struct {
	*server.Memories
	agent string
}

// withMemories opens the database that flags, environment and configuration file say, runs a
// command on it, and closes it, which writes its log back.
func withMemories(c *cli.Context, do func(session) error) (err error) {
	file := loadConfig(c.App.ErrWriter)
	config := databaseConfig(c, file)
	config.LongPages = true
	memories, err := server.Open(c.Context, config)
	if err != nil {
		return opening(err)
	}
	defer func() { err = errors.Join(err, memories.Close()) }()
	return do(session{memories, callerOf(c, file)})
}

// databaseConfig is what every command needs to know of the database.
func databaseConfig(c *cli.Context, file fileConfig) server.Config {
	return server.Config{
		DB:             databaseOf(c, file),
		Lifetimes:      file.lifetimes(),
		DiscardExpired: file.ArchiveOnGC != nil && !*file.ArchiveOnGC,
		ArchiveMaxDays: file.ArchiveMaxDays,
	}
}

// databaseOf is the path of the database: as asked for, else as the configuration file says.
func databaseOf(c *cli.Context, file fileConfig) string {
	if path := rootOf(c).String("db"); path != "" && (path != server.DefaultDB || file.DB == "") {
		return path
	}
	if file.DB == "" {
		return server.DefaultDB
	}
	return file.DB
}

// callerOf is the agent on whose behalf a command is run (contract section 3.3).
func callerOf(c *cli.Context, file fileConfig) string {
	if agent := rootOf(c).String("agent-id"); agent != "" {
		return agent
	}
	return server.NewIdentity(anonymous(file)).Agent()
}

// anonymous tells whether the host's name is to be kept out of agent ids.
func anonymous(file fileConfig) bool {
	if text, set := os.LookupEnv(anonymizeVariable); set {
		return truthy(text)
	}
	return file.Identity.AnonymizeDefault
}

// truthy tells whether a variable of the environment says yes.
func truthy(text string) bool {
	return slices.Contains([]string{"1", "true", "yes", "on"}, strings.ToLower(text))
}

// rootOf is the context of the program's own flags: a command may have a flag of the same name. The
// last of a lineage is the library's own.
func rootOf(c *cli.Context) *cli.Context {
	lineage := c.Lineage()
	return lineage[max(0, len(lineage)-2)]
}
