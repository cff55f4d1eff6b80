"""Files that are to be uploaded, inside a transaction; see `work`."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ..inbox.base import plain
from .base import Planned
from .database import Db

_PLAN = """
    INSERT INTO paperhook_plan (plan_id, provider, scope, namespace, path, metadata, planned_at, batch)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (plan_id) DO UPDATE SET batch = excluded.batch"""
_PLANNED = "SELECT plan_id, provider, scope, namespace, path, metadata, planned_at, batch FROM paperhook_plan"
_FULFIL = "DELETE FROM paperhook_plan WHERE plan_id = ?"


def plan(db: Db, plans: Sequence[Planned]) -> None:
    """Record files that are to be uploaded."""
    for each in plans:
        # As JSON text a path may hold any byte.
        path, metadata = json.dumps(each.path), json.dumps(dict(each.metadata))
        about = (
            each.plan_id,
            each.provider,
            each.scope,
            plain(each.namespace),
            path,
            metadata,
            each.planned_at,
            each.batch,
        )
        db.execute(_PLAN, about)


def planned(db: Db, provider: str | None, scope: str | None, limit: int) -> tuple[Planned, ...]:
    """Give files that are not finished, oldest first."""
    given = {"provider": provider, "scope": scope}
    values = {name: value for name, value in given.items() if value is not None}
    clause = " WHERE " + " AND ".join([f"{name} = ?" for name in values]) if values else ""
    found = db.execute(f"{_PLANNED}{clause} ORDER BY id LIMIT ?", (*values.values(), limit)).fetchall()
    return tuple(
        [
            Planned(plan_id, of, its, namespace, json.loads(path), json.loads(metadata), planned_at, batch)
            for plan_id, of, its, namespace, path, metadata, planned_at, batch in found
        ]
    )


def fulfil(db: Db, plan_ids: Sequence[str]) -> None:
    """Record that files are finished."""
    for plan_id in plan_ids:
        db.execute(_FULFIL, (plan_id,))
