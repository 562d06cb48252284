-- What nodes tell each other of a row besides what clients see: see memory.Memory.
ALTER TABLE memories ADD COLUMN generation INTEGER NOT NULL DEFAULT 0;
ALTER TABLE memories ADD COLUMN moved INTEGER NOT NULL DEFAULT 0;

-- Deletions, and renames as seen from the pair that was left; see memory.Deletion. They are kept
-- for ever: nobody knows how long a node will be away.
CREATE TABLE deletions (
	title      TEXT NOT NULL,
	namespace  TEXT NOT NULL,
	generation INTEGER NOT NULL,
	id         TEXT NOT NULL, -- '' for a rename
	deleted_at TEXT NOT NULL,
	origin     TEXT NOT NULL, -- the event that made it
	seq        INTEGER NOT NULL,
	PRIMARY KEY (title, namespace, generation, id)
) WITHOUT ROWID;
CREATE INDEX deletions_id ON deletions (id) WHERE id <> '';
CREATE INDEX deletions_event ON deletions (origin, seq);
