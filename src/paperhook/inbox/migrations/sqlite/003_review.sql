-- A check cannot be changed, so the table is made anew with one more state; every row keeps its id.
CREATE TABLE paperhook_event_new (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    provider TEXT NOT NULL,
    key TEXT NOT NULL,
    type TEXT NOT NULL,
    -- Events of one provider and subject run one at a time, in order; NULL runs at any time.
    subject TEXT,
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'running', 'done', 'dead', 'review')),
    -- 1 for the one event of its subject whose turn it is: the running one, else the earliest that is not settled.
    is_next INTEGER NOT NULL,
    -- Seconds since the epoch, here and in all times.
    received_at REAL NOT NULL,
    -- 0 means at once, whatever the clock says.
    due_at REAL NOT NULL DEFAULT 0,
    settled_at REAL,
    lease_until REAL,
    token TEXT,
    claims INTEGER NOT NULL DEFAULT 0,
    -- Leases in a row that ran out.
    lost INTEGER NOT NULL DEFAULT 0,
    duplicates INTEGER NOT NULL DEFAULT 0,
    replays INTEGER NOT NULL DEFAULT 0,
    UNIQUE (provider, key)
);
INSERT INTO paperhook_event_new
SELECT id, provider, key, type, subject, state, is_next, received_at, due_at, settled_at, lease_until, token, claims, lost,
       duplicates, replays
FROM paperhook_event;
-- An id is never given twice, not even that of a row that was purged.
DELETE FROM sqlite_sequence WHERE name = 'paperhook_event_new';
INSERT INTO sqlite_sequence (name, seq)
SELECT 'paperhook_event_new', seq FROM sqlite_sequence WHERE name = 'paperhook_event';
DROP TABLE paperhook_event;
ALTER TABLE paperhook_event_new RENAME TO paperhook_event;

-- Each index holds only the rows that its query asks for, so claims cost the same with a million settled rows.
CREATE INDEX paperhook_event_due ON paperhook_event (due_at, id) WHERE state = 'pending' AND is_next = 1;
CREATE INDEX paperhook_event_leased ON paperhook_event (lease_until) WHERE state = 'running';
CREATE INDEX paperhook_event_open ON paperhook_event (received_at) WHERE settled_at IS NULL;
CREATE INDEX paperhook_event_dead ON paperhook_event (id) WHERE state = 'dead';
CREATE INDEX paperhook_event_review ON paperhook_event (id) WHERE state = 'review';
CREATE INDEX paperhook_event_subject ON paperhook_event (subject, provider, settled_at) WHERE subject IS NOT NULL;

CREATE TABLE paperhook_audit_new (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    moment REAL NOT NULL,
    -- Empty where nobody said.
    operator TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('replay', 'redact', 'purge', 'accepted', 'corrected', 'rejected')),
    -- A JSON array; the events of a purge are not there any more.
    event_ids TEXT NOT NULL
);
INSERT INTO paperhook_audit_new SELECT id, moment, operator, action, event_ids FROM paperhook_audit;
DROP TABLE paperhook_audit;
ALTER TABLE paperhook_audit_new RENAME TO paperhook_audit;

-- What rules held back, and what a person decided.
CREATE TABLE paperhook_review (
    event_id INTEGER PRIMARY KEY REFERENCES paperhook_event (id),
    -- A JSON array.
    reasons TEXT NOT NULL,
    opened_at REAL NOT NULL,
    -- NULL while it waits.
    decision TEXT CHECK (decision IN ('accepted', 'corrected', 'rejected')),
    decided_at REAL,
    operator TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT '',
    -- A JSON object: field path to text or null. A redaction and a purge take it away.
    corrections TEXT NOT NULL DEFAULT '{}'
);

-- Values that only one document may have: hashes, so that they may stay when the document is purged.
CREATE TABLE paperhook_unique (
    scope TEXT NOT NULL,
    digest BLOB NOT NULL,
    event_id INTEGER NOT NULL,
    PRIMARY KEY (scope, digest)
) WITHOUT ROWID;
CREATE INDEX paperhook_unique_event ON paperhook_unique (event_id);
