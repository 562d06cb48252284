-- Tables and columns keep the names and the order of ai-memory 0.6.0, whose schema is number 13;
-- what is ours comes behind. Only what is used exists. The full-text index is written by the
-- statements that write rows, never by triggers.

CREATE TABLE memories (
	id               TEXT NOT NULL,
	tier             TEXT NOT NULL,
	namespace        TEXT NOT NULL,
	title            TEXT NOT NULL,
	content          TEXT NOT NULL,
	tags             TEXT NOT NULL DEFAULT '[]',
	priority         INTEGER NOT NULL DEFAULT 5,
	confidence       REAL NOT NULL DEFAULT 1.0,
	source           TEXT NOT NULL DEFAULT 'api',
	access_count     INTEGER NOT NULL DEFAULT 0,
	created_at       TEXT NOT NULL,
	updated_at       TEXT NOT NULL,
	last_accessed_at TEXT,
	expires_at       TEXT,
	metadata         TEXT NOT NULL DEFAULT '{}',
	embedding        BLOB,
	scope_idx        TEXT GENERATED ALWAYS AS (coalesce(json_extract(metadata, '$.scope'), 'private')) VIRTUAL,

	rowid      INTEGER PRIMARY KEY,         -- named, so that VACUUM keeps it: the full-text index goes by it
	origin     TEXT NOT NULL DEFAULT '',    -- the event that last changed the row
	seq        INTEGER NOT NULL DEFAULT 0,
	updated_ns INTEGER NOT NULL DEFAULT 0,  -- the instants of updated_at and expires_at, Unix nanoseconds;
	expires_ns INTEGER                      -- the texts keep the offset they were given with
);

CREATE UNIQUE INDEX memories_id ON memories (id);
CREATE UNIQUE INDEX memories_title_ns ON memories (title, namespace);
CREATE INDEX memories_id_prefix ON memories (id COLLATE NOCASE);
CREATE INDEX memories_event ON memories (origin, seq);
CREATE INDEX memories_tier ON memories (tier, priority DESC, updated_ns DESC);
CREATE INDEX memories_namespace ON memories (namespace, priority DESC, updated_ns DESC);
CREATE INDEX memories_priority ON memories (priority DESC, updated_ns DESC);
CREATE INDEX memories_updated ON memories (updated_ns);
CREATE INDEX memories_expires ON memories (expires_ns) WHERE expires_ns IS NOT NULL;

CREATE VIRTUAL TABLE memories_fts USING fts5 (
	title, content, tags, content = 'memories', content_rowid = 'rowid'
);

CREATE TABLE memory_links (
	source_id  TEXT NOT NULL REFERENCES memories (id) ON UPDATE CASCADE ON DELETE CASCADE,
	target_id  TEXT NOT NULL REFERENCES memories (id) ON UPDATE CASCADE ON DELETE CASCADE,
	relation   TEXT NOT NULL DEFAULT 'related_to',
	created_at TEXT NOT NULL,
	PRIMARY KEY (source_id, target_id, relation)
);
CREATE INDEX memory_links_target ON memory_links (target_id);

CREATE TABLE sync_state (
	agent_id       TEXT NOT NULL,
	peer_id        TEXT NOT NULL,
	last_seen_at   TEXT NOT NULL,
	last_pulled_at TEXT NOT NULL,
	last_pushed_at TEXT,
	PRIMARY KEY (agent_id, peer_id)
);

-- One row: this node's name in events, made at the first open.
CREATE TABLE node (origin TEXT NOT NULL);

-- How far each origin has been followed. This node's own row is its newest number, which
-- outlives the row it was given to.
CREATE TABLE vector (
	origin TEXT PRIMARY KEY,
	seq    INTEGER NOT NULL
) WITHOUT ROWID;
