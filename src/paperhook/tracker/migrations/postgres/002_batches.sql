-- Batches whose last event may be lost too: it is made up when all their documents have ended.
ALTER TABLE paperhook_submission ADD COLUMN batch_id TEXT;
CREATE INDEX paperhook_submission_batch ON paperhook_submission (batch_id, provider) WHERE batch_id IS NOT NULL;

CREATE TABLE paperhook_batch (
    provider TEXT NOT NULL,
    batch_id TEXT NOT NULL,
    -- How many documents it has.
    total INTEGER NOT NULL,
    -- When the reconciler looks at it again.
    poll_at DOUBLE PRECISION NOT NULL,
    -- When its end was in the inbox.
    settled_at DOUBLE PRECISION,
    PRIMARY KEY (batch_id, provider)
);
CREATE INDEX paperhook_batch_open ON paperhook_batch (provider, poll_at) WHERE settled_at IS NULL;
