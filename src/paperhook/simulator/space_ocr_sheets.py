"""space-ocr's storage: folders, sheets with rows, memos; how they are addressed, listed and queried.

Source: space-ocr's published agent skill (`/space`, `/create`, `/view`, `/edit`, `/remove`); member names of requests it
does not show are assumed.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, cast

from paperhook.simulator.space_ocr_results import DEFAULT_COLUMNS, Column
from paperhook.simulator.wire import Refusal

MAX_DEPTH = 10
MAX_NESTING = 50
"""Assumed."""
MAX_ROWS = 500
"""Per `/view` call; source: the skill."""
_FORBIDDEN = re.compile(r"[./#$\[\]]")
_CONDITION = re.compile(r"([^=!<>~]+)(!=|>=|<=|=|>|<|~)(.*)", re.DOTALL)

NodeType = Literal["folder", "sheet", "memo"]


@dataclass(slots=True, eq=False)
class Row:
    """One picture in a sheet and what was read from it."""

    key: str
    name: str
    image_url: str
    status: str = "pending"
    values: dict[str, object] = field(default_factory=dict[str, object])
    boxes: dict[str, object] = field(default_factory=dict[str, object])

    def to_json(self, *, names: Sequence[str] | None = None, boxes: bool = True) -> dict[str, object]:
        """Give the row; `names` are the columns wanted, all when None."""
        wanted = [name for name in self.values if names is None or name in names]
        shown = {name: self.values[name] if boxes else _without_boxes(self.values[name]) for name in wanted}
        if boxes:
            shown["field_bboxes"] = {name: box for name, box in self.boxes.items() if name in wanted}
        return {
            "rowKey": self.key,
            "name": self.name,
            "imageUrl": self.image_url,
            "ocrStatus": self.status,
            "values": shown,
        }


@dataclass(slots=True, eq=False)
class Node:
    """A folder, a sheet or a memo."""

    name: str
    type: NodeType
    key: str
    created_at: float
    children: list[Node] = field(default_factory=list["Node"])
    columns: tuple[Column, ...] = DEFAULT_COLUMNS
    prompt: str = ""
    text: str = ""
    rows: dict[str, Row] = field(default_factory=dict[str, Row])

    def to_json(self, path: str) -> dict[str, object]:
        """Give the entry `/space` lists."""
        return {
            "path": path,
            "name": self.name,
            "type": self.type,
            "uniqueKey": self.key,
            "createdAt": int(self.created_at * 1000),
        }


class Space:
    """The tree of everything one account has stored."""

    def __init__(self, now: float) -> None:
        """Begin empty."""
        self._root = Node("", "folder", "root", now)

    def find(self, path: str) -> tuple[Node, str]:
        """Find a node by its path, or by its unique key; give it with its path.

        Raises:
            Refusal: 404 when there is none.
        """
        node, at = self._root, "/"
        for part in [part for part in path.split("/") if part]:
            child = next((child for child in node.children if part in (child.name, child.key)), None)
            if child is None:
                return self._by_key(path)
            node, at = child, _join(at, child.name)
        return node, at

    def sheet(self, path: str) -> tuple[Node, str]:
        """Find a sheet.

        Raises:
            Refusal: 404 when there is nothing, 400 when it is something else.
        """
        node, at = self.find(path)
        if node.type != "sheet":
            raise Refusal(400, "validation_failed", "path must name a sheet")
        return node, at

    def create(self, parent_path: str, kind: NodeType, name: str, now: float) -> tuple[Node, str]:
        """Add a node below a folder.

        Raises:
            Refusal: 404 without the parent; 400 when it is no folder, or the name is taken or forbidden.
        """
        parent, at = self.find(parent_path)
        if parent.type != "folder":
            raise Refusal(400, "validation_failed", "path must name a folder")
        if not name.strip() or _FORBIDDEN.search(name):
            raise Refusal(400, "validation_failed", "name must not be empty or hold . / # $ [ ]")
        if at.count("/") >= MAX_NESTING:
            raise Refusal(400, "validation_failed", f"folders nest {MAX_NESTING} deep at most")
        if any(child.name == name for child in parent.children):
            raise Refusal(400, "bad_request", "the name is taken")
        node = Node(name, kind, f"{kind[0]}_{secrets.token_hex(6)}", now)
        parent.children.append(node)
        return node, _join(at, name)

    def remove(self, path: str) -> str:
        """Delete a node with all below it; give its path.

        Raises:
            Refusal: 404 when there is none, 400 for the root.
        """
        node, at = self.find(path)
        if node is self._root:
            raise Refusal(400, "validation_failed", "the root cannot be removed")
        parent = next(parent for parent in self._folders(self._root) if node in parent.children)
        parent.children.remove(node)
        return at

    def listing(self, path: str, depth: int) -> list[dict[str, object]]:
        """List what lies below a folder, flat.

        Raises:
            Refusal: 404 when there is no such path, 400 for a depth outside 1..10.
        """
        if not 1 <= depth <= MAX_DEPTH:
            raise Refusal(400, "validation_failed", f"depth must be 1 to {MAX_DEPTH}")
        node, at = self.find(path)
        return [child.to_json(child_path) for child, child_path in _below(node, at, depth)]

    def _by_key(self, path: str) -> tuple[Node, str]:
        key = path.strip("/")
        for node, at in _below(self._root, "/", MAX_NESTING + 1):
            if node.key == key:
                return node, at
        raise Refusal(404, "not_found", "no such path")

    def _folders(self, node: Node) -> Iterator[Node]:
        yield node
        for child in node.children:
            yield from self._folders(child)


def query_rows(sheet: Node, where: Sequence[str], sort: Sequence[str]) -> list[Row]:
    """Filter and sort a sheet's rows; several conditions must all hold.

    Raises:
        Refusal: 400 for a condition without an operator.
    """
    tests = [_condition(text) for text in where]
    rows = [row for row in sheet.rows.values() if all(test(row) for test in tests)]
    for text in reversed(sort):
        name, _, direction = text.lstrip("-").partition(":")
        descending = text.startswith("-") or direction == "desc"
        rows.sort(key=partial(_row_order, name), reverse=descending)
    return rows


def _without_boxes(value: object) -> object:
    if not isinstance(value, list):
        return value
    rows = cast("list[dict[str, object]]", value)
    return [{name: cell for name, cell in row.items() if name != "field_bboxes"} for row in rows]


def _condition(text: str) -> Callable[[Row], bool]:
    found = _CONDITION.fullmatch(text)
    if found is None:
        raise Refusal(400, "validation_failed", "where needs a column, one of = != > >= < <= ~, and a value")
    name, operator, wanted = found[1].strip(), found[2], found[3].strip()
    return lambda row: _holds(_cell(row, name), operator, wanted)


def _holds(cell: str, operator: str, wanted: str) -> bool:
    if operator == "~":
        return wanted.lower() in cell.lower()
    left, right = _sort_key(cell), _sort_key(wanted)
    if operator in ("=", "!="):
        return (left == right) is (operator == "=")
    if left[0] != right[0]:
        return False
    return {">": left > right, ">=": left >= right, "<": left < right, "<=": left <= right}[operator]


def _row_order(name: str, row: Row) -> tuple[int, float, str]:
    return _sort_key(_cell(row, name))


def _cell(row: Row, name: str) -> str:
    own = {"ocrStatus": row.status, "name": row.name, "rowKey": row.key}
    value = own.get(name, row.values.get(name, ""))
    return value if isinstance(value, str) else ""


def _sort_key(text: str) -> tuple[int, float, str]:
    """Order numbers before text; grouping commas do not count."""
    try:
        return (0, float(text.replace(",", "")), "")
    except ValueError:
        return (1, 0.0, text)


def _below(node: Node, at: str, depth: int) -> Iterator[tuple[Node, str]]:
    for child in node.children:
        path = _join(at, child.name)
        yield child, path
        if depth > 1:
            yield from _below(child, path, depth - 1)


def _join(parent: str, name: str) -> str:
    return f"{parent.rstrip('/')}/{name}"


def node_type(value: object) -> NodeType:
    """Read a node's type.

    Raises:
        Refusal: 400 for any other word.
    """
    if value in ("folder", "sheet", "memo"):
        return value
    raise Refusal(400, "validation_failed", "type must be folder, sheet or memo")
