package importers

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// readSlack reads a folder of channels, each a folder of files by day: one conversation a channel.
func readSlack(path string, each func(Conversation)) error {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return fmt.Errorf("Slack export path must be a directory: %s", path) //nolint:staticcheck // contract section 7.2
	}
	channels, err := os.ReadDir(path)
	if err != nil {
		return fmt.Errorf("failed to read Slack export: %w", err)
	}
	for _, channel := range channels { // by name
		if !channel.IsDir() {
			continue
		}
		c, err := readChannel(filepath.Join(path, channel.Name()))
		if err != nil {
			return err
		}
		if len(c.Messages) > 0 {
			each(c)
		}
	}
	return nil
}

type slackMessage struct {
	User     text `json:"user"`
	Username text `json:"username"`
	Text     text `json:"text"`
	TS       text `json:"ts"`
}

func readChannel(dir string) (Conversation, error) {
	c := Conversation{Title: "#" + filepath.Base(dir)}
	days, err := os.ReadDir(dir)
	if err != nil {
		return c, fmt.Errorf("failed to read Slack channel: %w", err)
	}
	for _, day := range days { // by name
		if day.IsDir() || !strings.HasSuffix(day.Name(), ".json") {
			continue
		}
		file := filepath.Join(dir, day.Name())
		content, err := os.ReadFile(file) //nolint:gosec // within the folder that the user named
		if err != nil {
			return c, fmt.Errorf("failed to read Slack channel: %w", err)
		}
		if err := c.addDay(content); err != nil {
			return c, fmt.Errorf("invalid JSON in %s: %w", file, err)
		}
	}
	return c, nil
}

// addDay adds the messages of a file.
func (c *Conversation) addDay(content []byte) error {
	var messages []json.RawMessage
	if err := json.Unmarshal(content, &messages); err != nil {
		return err
	}
	for _, raw := range messages {
		var m slackMessage
		if json.Unmarshal(raw, &m) != nil {
			continue
		}
		before := len(c.Messages)
		c.add(string(cmp.Or(m.User, m.Username)), string(m.Text))
		if before > 0 || len(c.Messages) == 0 {
			continue
		}
		if at, err := strconv.ParseFloat(string(m.TS), 64); err == nil { // of the first message
			c.CreatedAt = seconds(math.Trunc(at))
		}
	}
	return nil
}
