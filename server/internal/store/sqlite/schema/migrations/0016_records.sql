-- What nodes keep beside memories and tell each other of: see memory.Record. Links are among it.
CREATE TABLE records (
	rowid  INTEGER PRIMARY KEY,
	kind   TEXT NOT NULL,
	key    TEXT NOT NULL,
	stamp  INTEGER NOT NULL, -- Unix nanoseconds
	gone   INTEGER NOT NULL,
	value  TEXT NOT NULL,    -- '' when it is gone
	ref    TEXT NOT NULL,    -- what it is looked up by
	ref2   TEXT NOT NULL,
	origin TEXT NOT NULL,    -- the event that last changed it
	seq    INTEGER NOT NULL
);
CREATE UNIQUE INDEX records_key ON records (kind, key);
CREATE INDEX records_event ON records (origin, seq);
CREATE INDEX records_ref ON records (kind, ref, stamp DESC) WHERE gone = 0;
CREATE INDEX records_ref2 ON records (kind, ref2) WHERE gone = 0 AND ref2 <> '';
CREATE INDEX records_stamp ON records (kind, stamp DESC) WHERE gone = 0;

DROP TABLE memory_links;

-- 1: only what had expired by then is deleted.
ALTER TABLE deletions ADD COLUMN expired INTEGER NOT NULL DEFAULT 0;
