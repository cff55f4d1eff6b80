"""Whose turn it is within a subject: its events run one at a time, in the order in which they were put."""

from __future__ import annotations

from collections.abc import Iterable

from .bulk import Db, in_bulk

_NOBODY_NEXT = """
    UPDATE paperhook_event SET is_next = 0
    WHERE subject = ? AND provider = ? AND settled_at IS NULL AND is_next = 1"""
# {values} is `VALUES (?, …), …`; a padded row is NULL throughout.
_SOMEBODY_NEXT = """
    UPDATE paperhook_event SET is_next = 1 WHERE id IN (
        SELECT (SELECT waiting.id FROM paperhook_event waiting
            WHERE waiting.subject = column1 AND waiting.provider = column2 AND waiting.settled_at IS NULL
            ORDER BY waiting.state = 'running' DESC, waiting.id LIMIT 1)
        FROM ({values}) WHERE column1 IS NOT NULL)"""


#: The same where nobody of the line is running: its event was settled or released just now. However many wait, only the first is looked at.
FIRST_NEXT = """
    UPDATE paperhook_event SET is_next = 1 WHERE id IN (
        SELECT (SELECT waiting.id FROM paperhook_event waiting
            WHERE waiting.subject = column1 AND waiting.provider = column2 AND waiting.settled_at IS NULL
            ORDER BY waiting.id LIMIT 1)
        FROM ({values}) WHERE column1 IS NOT NULL)"""


def choose_next(db: Db, lines: Iterable[tuple[str, str]]) -> None:
    """Give the turn of a provider's subject to its running event, else to the earliest that is not settled."""
    for provider, subject in lines:
        db.execute(_NOBODY_NEXT, (subject, provider))
        in_bulk(db, _SOMEBODY_NEXT, [(subject, provider)])
