package httpapi

import (
	"crypto/sha256"
	"crypto/subtle"
	"iter"
	"net/http"
	"strings"
	"sync/atomic"
)

// healthPath is served without a key.
const healthPath = "/api/v1/health"

// Keys are the API keys that a server accepts. They may be replaced while it runs. The zero
// value has none, which lets everyone in.
type Keys struct{ current atomic.Pointer[keySet] }

type keySet struct {
	first   string
	digests [][sha256.Size]byte
}

// Replace has these keys accepted from now on, and no others.
func (k *Keys) Replace(keys []string) {
	if len(keys) == 0 {
		k.current.Store(nil)
		return
	}
	set := &keySet{first: keys[0]}
	for _, key := range keys {
		set.digests = append(set.digests, sha256.Sum256([]byte(key)))
	}
	k.current.Store(set)
}

// First returns the key that this node shows its peers, empty when there is none.
func (k *Keys) First() string {
	if set := k.current.Load(); set != nil {
		return set.first
	}
	return ""
}

// admit tells whether a request may go on: anyone's for OPTIONS and the health path, else that of
// a caller who shows a key in X-API-Key or api_key (contract section 2.1). Of several keys shown
// one right one suffices.
func (k *Keys) admit(r *http.Request) bool {
	set := k.current.Load()
	if set == nil || r.Method == http.MethodOptions || r.URL.EscapedPath() == healthPath {
		return true
	}
	for shown := range credentials(r) {
		if set.has(shown) {
			return true
		}
	}
	return false
}

// Guard lets through the requests of those who show a key, and anyone's while there are no keys.
func (k *Keys) Guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !k.admit(r) {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "missing or invalid API key", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// has compares in a time that tells nothing of the keys, not even how long they are.
func (s *keySet) has(shown string) bool {
	digest, found := sha256.Sum256([]byte(shown)), 0
	for i := range s.digests {
		found |= subtle.ConstantTimeCompare(digest[:], s.digests[i][:])
	}
	return found == 1
}

// credentials are the keys that a request shows. Those in the query are taken as they stand,
// without percent-decoding.
func credentials(r *http.Request) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, value := range r.Header["X-Api-Key"] {
			if !yield(value) {
				return
			}
		}
		for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
			if value, is := strings.CutPrefix(pair, "api_key="); is && !yield(value) {
				return
			}
		}
	}
}
