"""What space-ocr read, normalised: values with their places beside them, in two nestings.

Sources: "article" is the AP-automation article, "skill" the vendor's published agent skill.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from ..core.answers import number_in, text_in
from ..core.job import Job
from ..core.provider import NOTHING
from ..core.result import ROWS, Box, Result
from ..results.mapping import ANNOTATIONS, Position, read_result
from ..results.names import ITEM_LISTS, OTHER_LISTS, snake_case

#: What stands beside the values, of a document and of each row.
_GEOMETRY = frozenset({"field_bboxes", "bbox", "vertices", "bbox_source", "match_ratio", "text_verified"})


def read_values(
    given: Any, *, raw: Any, names: Mapping[str, str] = NOTHING, item_names: Mapping[str, str] = NOTHING
) -> Result:
    """Normalise a result: an event nests its values under `values`, a poll and a row of a sheet do not.

    The places stand beside the values under `field_bboxes`, and in each row of an array as well (skill); in an event they
    may stand beside `values` (assumed).
    """
    outer = given if isinstance(given, Mapping) else {}
    nested = outer.get("values")
    values = dict(nested) if isinstance(nested, Mapping) else dict(outer)
    for beside in ("field_bboxes", ANNOTATIONS):
        if beside in outer:
            values.setdefault(beside, outer[beside])
    boxes = values.pop("field_bboxes", None)
    positions, warnings = _positions(boxes)
    row_positions: dict[str, list[Mapping[str, Position]]] = {}
    for name, rows in values.items():
        if not isinstance(rows, list):
            continue
        member = _member_of(name, names)
        for index, row in enumerate(rows):
            found, doubts = _positions(row.get("field_bboxes") if isinstance(row, Mapping) else None)
            row_positions.setdefault(member, []).append(found)
            warnings += [f"{name}[{index}].{doubt}" for doubt in doubts]
        values[name] = [_without_geometry(row) for row in rows]
    result = read_result(
        values,
        names=names,
        item_names=item_names,
        positions=positions,
        row_positions=row_positions,
        raw=raw,
    )
    return result.model_copy(update={"warnings": (*result.warnings, *warnings)}) if warnings else result


def _member_of(name: str, names: Mapping[str, str]) -> str:
    """Say which rows of a result the rows of an array become; the array's own name where they become none."""
    told, key = names.get(name, ""), snake_case(name)
    if told in ROWS:
        return told
    return "line_items" if key in ITEM_LISTS else OTHER_LISTS.get(key, name)


def content_digest(name: str, given: Any) -> str:
    """Identify a result by its image's name and its values, the same for both nestings; places do not count."""
    outer = given if isinstance(given, Mapping) else {}
    nested = outer.get("values")
    values = _without_geometry(nested if isinstance(nested, Mapping) else outer)
    plain = {
        key: [_without_geometry(row) for row in value] if isinstance(value, list) else value
        for key, value in values.items()
    }
    text = json.dumps([name, plain], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def digest_of_event(content: Mapping[str, Any]) -> str | None:
    """Identify a result by its image's name and its values; None for a failure, which names nothing else of its own."""
    result = content.get("result")
    name = text_in(result.get("name")) if isinstance(result, Mapping) else None
    return None if name is None else content_digest(name, result)


def aliases_of(event_type: str, part: Job, payload: Any) -> tuple[str, ...]:
    """Give the keys that the webhook of a polled job has where it does not name the job."""
    result = payload.get("result") if isinstance(payload, Mapping) else None
    names = [part.filename] if part.filename and isinstance(result, Mapping) else []
    # Of a PDF the name of its only page was sent.
    names += [f"{name.rpartition('.')[0]}-1.png" for name in names if name.lower().endswith(".pdf")]
    known = [part.document_id, *(content_digest(name, result) for name in names)]
    return tuple(f"{event_type}:{each}" for each in known if each)


def _without_geometry(row: Any) -> Any:
    if not isinstance(row, Mapping):
        return row
    return {name: value for name, value in row.items() if name not in _GEOMETRY}


def _positions(boxes: Any) -> tuple[dict[str, Position], list[str]]:
    """Read one `field_bboxes`: positions by name, and which values the page's own symbols contradict."""
    entries = boxes if isinstance(boxes, Mapping) else {}
    found = {str(name): _position(entry) for name, entry in entries.items() if isinstance(entry, Mapping)}
    doubts = [
        f"{name}: the symbols on the page differ"
        for name, entry in entries.items()
        if isinstance(entry, Mapping) and entry.get("text_verified") is False
    ]
    return found, doubts


def _position(entry: Mapping[str, Any]) -> Position:
    # An image is one page.
    return Position(
        box=_box(entry.get("bbox")),
        match_ratio=_fraction(entry.get("match_ratio")),
        confidence=_fraction(entry.get("confidence")),
        page_number=1,
    )


def _box(given: Any) -> Box | None:
    """Read `{xmin, ymin, xmax, ymax}`, integers 0..1000 from the top left (article)."""
    edges = given if isinstance(given, Mapping) else {}
    x0, y0 = _edge(edges.get("xmin")), _edge(edges.get("ymin"))
    x1, y1 = _edge(edges.get("xmax")), _edge(edges.get("ymax"))
    return None if x0 is None or y0 is None or x1 is None or y1 is None else (x0, y0, x1, y1)


def _edge(value: Any) -> int | None:
    number = number_in(value)
    return round(number) if number is not None and 0 <= number <= 1000 else None


def _fraction(value: Any) -> float | None:
    number = number_in(value)
    return number if number is not None and 0 <= number <= 1 else None
