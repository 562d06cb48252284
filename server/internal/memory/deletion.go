package memory

// Deletion says that a memory was deleted, or that its pair of title and namespace was left by a
// rename. It is a fact that stays true: the memory with the id never comes back, and no row of a
// generation before this one is of any account at the pair, however late it arrives.
//
// A row that is written after that is of this generation or a later one. So it does not hang on
// clocks what a deletion deletes: all that was written at the pair by nodes that did not know of
// it goes with it, whatever its time. (Were the later of the two to win, a memory would come back
// from a node that was away and touched it there.) Two nodes that delete the same memory
// begin the same generation; a row that one of them writes afterwards is not deleted by the
// other's deletion. This is the idea of Yu and Rostad, A low-cost set CRDT based on causal
// lengths (PaPoC 2020), with odd and even taken apart.
type Deletion struct {
	ID         string `json:"id,omitempty"` // the memory; empty when it was renamed and lives on elsewhere
	Title      string `json:"title"`        // both empty when nobody knows where the memory was
	Namespace  string `json:"namespace"`
	Generation int64  `json:"generation"` // that begins with it, from 1
	DeletedAt  string `json:"deleted_at"` // RFC 3339
	// Expired says that the memory was taken out because it had expired: see Survives.
	Expired bool `json:"expired,omitempty"`
}

// maxGeneration is what every JSON reader holds exactly, and more than there will be.
const maxGeneration = 1 << 53

// Validate checks a deletion that comes from another node.
func (d Deletion) Validate() error {
	if d.ID != "" {
		if err := ValidateID(d.ID); err != nil {
			return err
		}
	}
	if d.ID == "" || d.Title != "" || d.Namespace != "" {
		if err := ValidateTitle(d.Title); err != nil {
			return err
		}
		if err := ValidateNamespace(d.Namespace); err != nil {
			return err
		}
	}
	if d.Generation < 1 || d.Generation > maxGeneration {
		return invalid("generation", "generation must be between 1 and %d (got %d)", int64(maxGeneration), d.Generation)
	}
	if _, ok := parseTime(d.DeletedAt); !ok {
		return invalid("deleted_at", "deleted_at is not valid RFC3339")
	}
	return nil
}

// Delete returns what deletes a memory.
func (m Memory) Delete(at string) Deletion {
	return Deletion{ID: m.ID, Title: m.Title, Namespace: m.Namespace, Generation: m.Generation + 1, DeletedAt: at}
}

// Leave returns what says that a memory was renamed.
func (m Memory) Leave(at string) Deletion {
	d := m.Delete(at)
	d.ID = ""
	return d
}

// Expire returns what says that a memory was taken out because it had expired. It has no id, so
// that the memory may be brought back.
func (m Memory) Expire(at string) Deletion {
	d := m.Leave(at)
	d.Expired = true
	return d
}

// Survives reports whether a version of an older generation outlives a deletion: one that was
// made because the memory had expired is not about versions that had not. (Somebody may have
// written to it, where that was not known.) Such a version is of the deletion's generation.
func (m Memory) Survives(d Deletion) bool {
	return d.Expired && (m.ExpiresAt == nil || instant(*m.ExpiresAt).After(instant(d.DeletedAt)))
}

// Newer reports whether a version from a server that knows no generations is a memory created
// after a deletion, not what was deleted.
func (m Memory) Newer(d Deletion) bool {
	return m.ID != d.ID && instant(m.CreatedAt).After(instant(d.DeletedAt))
}
