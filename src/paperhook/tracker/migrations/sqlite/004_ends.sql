-- Whoever waits for many jobs looks again and again at what ended just now.
CREATE INDEX paperhook_submission_settled ON paperhook_submission (provider, settled_at) WHERE settled_at IS NOT NULL;
