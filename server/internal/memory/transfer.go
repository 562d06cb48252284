package memory

import "time"

// Import returns the row after an import hit the title and namespace of an existing one (contract
// section 2.10): as Upsert, but with the updated_at of what is imported, also when that is older.
// Then the result is not what Merge would make of the two: whoever stores it must begin a new
// generation, so that it also holds on every other node.
func Import(existing, imported Memory, now time.Time) Memory {
	at := imported.UpdatedAt
	imported.UpdatedAt = FormatTime(now)
	out := Upsert(existing, imported)
	out.UpdatedAt = at
	return out
}
