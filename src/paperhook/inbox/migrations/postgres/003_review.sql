-- NOT VALID: no row is looked at, because none can be in a state that was not allowed before.
ALTER TABLE paperhook_event DROP CONSTRAINT paperhook_event_state_check;
ALTER TABLE paperhook_event ADD CONSTRAINT paperhook_event_state_check
    CHECK (state IN ('pending', 'running', 'done', 'dead', 'review')) NOT VALID;
CREATE INDEX paperhook_event_review ON paperhook_event (id) WHERE state = 'review';

ALTER TABLE paperhook_audit DROP CONSTRAINT paperhook_audit_action_check;
ALTER TABLE paperhook_audit ADD CONSTRAINT paperhook_audit_action_check
    CHECK (action IN ('replay', 'redact', 'purge', 'accepted', 'corrected', 'rejected')) NOT VALID;

-- What rules held back, and what a person decided.
CREATE TABLE paperhook_review (
    event_id BIGINT PRIMARY KEY,
    -- A JSON array.
    reasons TEXT NOT NULL,
    opened_at DOUBLE PRECISION NOT NULL,
    -- NULL while it waits.
    decision TEXT CHECK (decision IN ('accepted', 'corrected', 'rejected')),
    decided_at DOUBLE PRECISION,
    operator TEXT NOT NULL DEFAULT '',
    note TEXT NOT NULL DEFAULT '',
    -- A JSON object: field path to text or null. A redaction and a purge take it away.
    corrections TEXT NOT NULL DEFAULT '{}'
);

-- Values that only one document may have: hashes, so that they may stay when the document is purged.
CREATE TABLE paperhook_unique (
    scope TEXT NOT NULL,
    digest BYTEA NOT NULL,
    event_id BIGINT NOT NULL,
    PRIMARY KEY (scope, digest)
);
CREATE INDEX paperhook_unique_event ON paperhook_unique (event_id);
