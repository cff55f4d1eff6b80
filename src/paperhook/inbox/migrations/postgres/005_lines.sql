-- Events of a subject that are not settled stand in it in their order, so whose turn is next is found at once however many
-- wait. It takes the place of an index that knew no order.
CREATE INDEX paperhook_event_line ON paperhook_event (subject_hash, provider, settled_at, id)
    WHERE subject_hash IS NOT NULL;
DROP INDEX paperhook_event_subject;

-- As before, but for how it finds whose turn is next, in lines where nobody has it.
CREATE OR REPLACE FUNCTION paperhook_settle(
    BIGINT[], TEXT[], TEXT[], DOUBLE PRECISION[],
    BIGINT[], TEXT[], TEXT[], INTEGER[], TEXT[], DOUBLE PRECISION[], DOUBLE PRECISION[],
    SMALLINT
) RETURNS BIGINT[] LANGUAGE plpgsql AS $$
DECLARE
    held_ids BIGINT[];
    line_providers TEXT[];
    line_subjects BYTEA[];
    done_count BIGINT;
BEGIN
    WITH given AS (
        SELECT * FROM unnest($1, $2, $3, $4) AS item (id, token, state, moment)),
    held AS MATERIALIZED (
        SELECT event.id, given.state, given.moment FROM given JOIN paperhook_event event
            ON event.id = given.id AND event.token = given.token
        -- Not by the state: an index of all leases would be read for it, from end to end.
        WHERE event.lease_until IS NOT NULL ORDER BY event.id FOR UPDATE OF event),
    outcome AS (
        INSERT INTO paperhook_outcome
        SELECT * FROM unnest($5, $6, $7, $8, $9, $10, $11) AS item (event_id)
        -- In a form that is looked up by hash; as a join it would compare each with each.
        WHERE (item.event_id IN (SELECT id FROM held)) IS TRUE
        ON CONFLICT (event_id, handler) DO UPDATE SET state = excluded.state, attempts = excluded.attempts,
            error = excluded.error, started_at = excluded.started_at, due_at = excluded.due_at),
    settled AS (
        UPDATE paperhook_event event SET state = held.state, is_next = FALSE, settled_at = held.moment, lease_until = NULL
        FROM held WHERE event.id = held.id
        RETURNING event.id, event.provider, event.subject_hash, event.state)
    SELECT array_agg(settled.id), array_agg(settled.provider) FILTER (WHERE settled.subject_hash IS NOT NULL),
        array_agg(settled.subject_hash) FILTER (WHERE settled.subject_hash IS NOT NULL),
        count(*) FILTER (WHERE settled.state = 'done')
    INTO held_ids, line_providers, line_subjects, done_count FROM settled;

    UPDATE paperhook_event event SET is_next = TRUE FROM (
        SELECT (SELECT waiting.id FROM paperhook_event waiting
            WHERE waiting.subject_hash = line.subject_hash AND waiting.provider = line.provider
            AND waiting.settled_at IS NULL ORDER BY waiting.settled_at, waiting.id LIMIT 1) AS id
        FROM unnest(line_providers, line_subjects) AS line (provider, subject_hash)
        WHERE NOT EXISTS (
            SELECT 1 FROM paperhook_event turn
            WHERE turn.subject_hash = line.subject_hash AND turn.provider = line.provider AND turn.is_next)
        ORDER BY id) first
    WHERE event.id = first.id AND NOT event.is_next AND event.settled_at IS NULL;

    -- The last thing before the commit: whoever counts in the same slot waits until then.
    IF done_count > 0 THEN
        INSERT INTO paperhook_tally VALUES ($12, done_count, 0)
        ON CONFLICT (slot) DO UPDATE SET done = paperhook_tally.done + excluded.done;
    END IF;
    RETURN coalesce(held_ids, '{}');
END
$$;
