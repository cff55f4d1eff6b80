-- One row for each submission: one run of one document through one provider. No document content, no secret.
CREATE TABLE paperhook_submission (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The guide's processing_attempt_id and document_id; its provider_job_id is job_id.
    attempt_id TEXT NOT NULL UNIQUE,
    document_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    -- The same for the same content, provider, options and namespace; the newest row of an identity counts.
    identity TEXT NOT NULL,
    -- The idempotency key that is sent: the identity, unless a new attempt was asked for.
    key TEXT NOT NULL,
    namespace TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    filename TEXT NOT NULL,
    content_type TEXT NOT NULL,
    state TEXT NOT NULL,
    -- The handle as JSON, without the provider's answer; its id is empty until one is known.
    job TEXT NOT NULL,
    job_id TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    error_code TEXT NOT NULL DEFAULT '',
    -- Who sends it now, and until when others believe that.
    token TEXT,
    owner TEXT,
    lease_until REAL,
    -- Seconds since the epoch, here and in all times.
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    -- When its first byte was about to leave.
    sent_at REAL,
    submitted_at REAL,
    -- When its end was in the inbox.
    settled_at REAL,
    polls INTEGER NOT NULL DEFAULT 0,
    poll_at REAL
);

CREATE INDEX paperhook_submission_identity ON paperhook_submission (identity, provider, id);
CREATE INDEX paperhook_submission_job ON paperhook_submission (job_id, provider) WHERE job_id IS NOT NULL;
-- Holds only what the reconciler asks for, so a look costs the same with a million settled rows.
CREATE INDEX paperhook_submission_silent ON paperhook_submission (provider, poll_at)
    WHERE submitted_at IS NOT NULL AND settled_at IS NULL;
CREATE INDEX paperhook_submission_unknown ON paperhook_submission (provider, id) WHERE state = 'submission_unknown';

-- The provider's jobs behind a submission: one, or one for each page where a document is sent as images.
CREATE TABLE paperhook_submission_part (
    provider TEXT NOT NULL,
    job_id TEXT NOT NULL,
    submission_id INTEGER NOT NULL REFERENCES paperhook_submission (id),
    -- How it ended, by the event that is in the inbox.
    state TEXT,
    PRIMARY KEY (job_id, provider, submission_id)
) WITHOUT ROWID;
CREATE INDEX paperhook_submission_parts ON paperhook_submission_part (submission_id);
