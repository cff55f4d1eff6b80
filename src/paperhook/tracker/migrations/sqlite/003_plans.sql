-- What many uploads were given as paths and have not finished, so that a later call goes on with it.
CREATE TABLE paperhook_plan (
    id INTEGER PRIMARY KEY,
    plan_id TEXT NOT NULL UNIQUE,
    provider TEXT NOT NULL,
    -- The same for the same base URL, options and namespace.
    scope TEXT NOT NULL,
    namespace TEXT NOT NULL,
    -- As JSON text, which holds every path whatever its bytes.
    path TEXT NOT NULL,
    metadata TEXT NOT NULL,
    -- Seconds since the epoch.
    planned_at REAL NOT NULL
);
CREATE INDEX paperhook_plan_scope ON paperhook_plan (provider, scope, id);
