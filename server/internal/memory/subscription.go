package memory

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
)

// KindSubscription is the kind of a Subscription. Its key is the id.
const KindSubscription RecordKind = "subscription"

// AllEvents is the word for every event.
const AllEvents = "*"

// Subscription says who is told of which events, and where (contract sections 1.3 and 4.16).
type Subscription struct {
	AgentFilter     *string `json:"agent_filter"`
	CreatedAt       string  `json:"created_at"`
	CreatedBy       *string `json:"created_by"`
	Events          string  `json:"events"` // AllEvents, or a list with commas
	ID              string  `json:"id"`
	NamespaceFilter *string `json:"namespace_filter"`
	// SecretHash is the SHA-256 of the secret in hex; empty: nothing is signed. Whoever reads it can
	// sign (the key is the hash: contract section 4.16), so no client is shown it.
	SecretHash string `json:"secret_hash,omitempty"`
	URL        string `json:"url"`
}

// Record returns the subscription as nodes keep it.
func (s Subscription) Record(stamp int64) Record { return record(KindSubscription, s.ID, stamp, s) }

// SubscriptionOf reads a record of KindSubscription.
func SubscriptionOf(r Record) (Subscription, error) { return value[Subscription](r) }

// Wants tells whether a subscription is for an event about a memory of a namespace and an agent.
func (s Subscription) Wants(event, namespace, agent string) bool {
	return (s.Events == AllEvents || slices.Contains(strings.Split(s.Events, ","), event)) &&
		(s.NamespaceFilter == nil || *s.NamespaceFilter == namespace) &&
		(s.AgentFilter == nil || *s.AgentFilter == agent)
}

// HashSecret returns what is kept of a secret: Subscription.SecretHash.
func HashSecret(secret string) string {
	hash := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(hash[:])
}

// Key returns the key of the signature, nil when nothing is signed.
func (s Subscription) Key() *[32]byte {
	raw, err := hex.DecodeString(s.SecretHash)
	if err != nil || len(raw) != 32 {
		return nil
	}
	key := [32]byte(raw)
	return &key
}

func checkSubscription(r Record) (refs [2]string, err error) {
	s, err := SubscriptionOf(r)
	if err != nil {
		return refs, err
	}
	switch {
	case r.Key != s.ID:
		return refs, errors.New("the key is not the subscription's id")
	case s.URL == "" || s.Events == "":
		return refs, errors.New("a subscription has a URL and events")
	case s.SecretHash != "" && s.Key() == nil:
		return refs, errors.New("the hash of the secret is none")
	}
	if _, ok := parseTime(s.CreatedAt); !ok {
		return refs, invalid("created_at", "created_at is not valid RFC3339")
	}
	return refs, nil
}
