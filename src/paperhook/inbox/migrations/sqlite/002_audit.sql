-- What operators did, each line written together with what it did.
CREATE TABLE paperhook_audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    moment REAL NOT NULL,
    -- Empty where nobody said.
    operator TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('replay', 'redact', 'purge')),
    -- A JSON array; the events of a purge are not there any more.
    event_ids TEXT NOT NULL
);
