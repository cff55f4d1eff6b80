-- Files that were to be sent in one call are sent in one call again, under the key of that call; empty where each goes alone.
ALTER TABLE paperhook_plan ADD COLUMN batch TEXT NOT NULL DEFAULT '';
