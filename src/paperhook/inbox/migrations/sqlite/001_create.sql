-- Where every event stands: narrow, because it changes with each claim. What it carries is in paperhook_payload.
CREATE TABLE paperhook_event (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    provider TEXT NOT NULL,
    key TEXT NOT NULL,
    type TEXT NOT NULL,
    -- Events of one provider and subject run one at a time, in order; NULL runs at any time.
    subject TEXT,
    state TEXT NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'running', 'done', 'dead')),
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

-- Each index holds only the rows that its query asks for, so claims cost the same with a million settled rows.
CREATE INDEX paperhook_event_due ON paperhook_event (due_at, id) WHERE state = 'pending' AND is_next = 1;
CREATE INDEX paperhook_event_leased ON paperhook_event (lease_until) WHERE state = 'running';
CREATE INDEX paperhook_event_open ON paperhook_event (received_at) WHERE settled_at IS NULL;
CREATE INDEX paperhook_event_dead ON paperhook_event (id) WHERE state = 'dead';
CREATE INDEX paperhook_event_subject ON paperhook_event (subject, provider, settled_at) WHERE subject IS NOT NULL;

-- Counted as it happens, because counting a million rows takes a third of a second.
CREATE TABLE paperhook_tally (done INTEGER NOT NULL, duplicates INTEGER NOT NULL);
INSERT INTO paperhook_tally VALUES (0, 0);

-- What an event carries: written once.
CREATE TABLE paperhook_payload (
    event_id INTEGER PRIMARY KEY REFERENCES paperhook_event (id),
    body BLOB NOT NULL,
    form TEXT NOT NULL,
    -- Which event of the delivery, from 0.
    position INTEGER NOT NULL,
    -- A JSON object.
    headers TEXT NOT NULL,
    origin TEXT NOT NULL,
    job_id TEXT,
    document_id TEXT,
    batch_id TEXT,
    occurred_at REAL
);

-- How each handler fared; a handler without a row has not run.
CREATE TABLE paperhook_outcome (
    event_id INTEGER NOT NULL REFERENCES paperhook_event (id),
    handler TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'done', 'dead')),
    attempts INTEGER NOT NULL,
    error TEXT NOT NULL,
    started_at REAL NOT NULL,
    due_at REAL NOT NULL,
    PRIMARY KEY (event_id, handler)
) WITHOUT ROWID;

CREATE INDEX paperhook_outcome_dead ON paperhook_outcome (handler) WHERE state = 'dead';
