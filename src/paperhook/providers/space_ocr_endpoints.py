"""Every endpoint of space-ocr that holds or reads documents, beside the jobs: the sheets, and reading one image at once.

Each is an operation for `client.run(space_ocr.amount())`. Sources: "docs page" is the vendor's documentation, "skill" the
vendor's published agent skill; what is said nowhere is marked assumed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from typing_extensions import override

from ..core.answers import list_in, malformed, model_of, object_in
from ..core.document import Document
from ..core.exchange import Base64Json, JsonBody, Repeat, Response
from ..core.lazy import LazyModule
from ..core.steps import Steps
from ..errors import (
    BadRequest,
    ConfigurationError,
    NotFound,
    UnsupportedDocument,
)
from .space_ocr_account import SpaceOcrAccount, space_ocr_models
from .space_ocr_columns import INVOICE_COLUMNS, Column, columns_of

if TYPE_CHECKING:
    from ..core.result import Result
    from . import space_ocr_results as space_ocr_results  # noqa: PLC0414 - imported from here
    from .space_ocr_models import Created, Node, Row, Suggestion, View
else:
    space_ocr_results = LazyModule(f"{__package__}.space_ocr_results")

#: Source: API page.
IMAGES = frozenset({"image/jpeg", "image/png", "image/gif", "image/bmp", "image/tiff", "image/webp"})
#: Of one image (skill says 20 MB).
MAX_FILE_BYTES = 20 * 1024 * 1024
#: Rows of one view (skill).
MAX_ROWS = 500


@dataclass(frozen=True)
class SpaceOcrEndpoints(SpaceOcrAccount):
    """What `SpaceOcr` can do beside uploading and receiving."""

    sheet: str = ""
    columns: Sequence[Column | str] | str = INVOICE_COLUMNS
    prompt: str = ""

    @override
    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sheet:
            object.__setattr__(self, "sheet", "/" + self.sheet.strip("/"))
        object.__setattr__(self, "columns", columns_of(self.columns))

    # The sheet

    def ensure_sheet(self) -> Steps[bool]:
        """Make the configured sheet and its folders where they are missing.

        Returns:
            Whether it was missing.

        Raises:
            ConfigurationError: If no sheet is configured.
            PermissionDenied: If the plan allows no more sheets.
        """
        sheet = self._needed_sheet()
        try:
            yield from self.view(sheet, limit=1, boxes=False)
        except NotFound:
            yield from self._make(sheet)
            return True
        return False

    def _needed_sheet(self) -> str:
        if not self.sheet.strip("/"):
            raise ConfigurationError(
                f"{self.name} stores every image in a sheet: write SpaceOcr(..., sheet='/invoices') or set "
                f"{self.env_prefix}SHEET; it is made at the first upload"
            )
        return self.sheet

    def _make(self, path: str, type: str = "sheet") -> Steps[None]:
        """Create a sheet, or one of the folders above it, from the innermost that exists."""
        parent, _, name = path.rpartition("/")
        try:
            yield from self._create_unless_taken(type, parent or "/", name)
        except NotFound:
            if not parent:
                raise
            yield from self._make(parent, "folder")
            yield from self._create_unless_taken(type, parent, name)

    def _create_unless_taken(self, type: str, path: str, name: str) -> Steps[None]:
        members = self._sheet_members(self.columns, self.prompt) if type == "sheet" else {}
        body = JsonBody({"path": path, "type": type, "name": name, **members})
        try:
            # A second one of the name is refused, so a lost answer is no reason to give up.
            yield from self.call("POST", "/create", body=body, repeat=Repeat.ALWAYS)
        except BadRequest as error:
            # The name is taken (skill): somebody made it at the same time.
            if error.code != "bad_request":
                raise

    def create_sheet(
        self,
        path: str,
        name: str,
        *,
        columns: Sequence[Column | str] | str = INVOICE_COLUMNS,
        prompt: str = "",
        key: str | None = None,
    ) -> Steps[Created]:
        """Make a sheet in a folder that exists; the plan bounds how many (free 3, starter 15: skill).

        Raises:
            BadRequest: If the name is taken (`bad_request`) or holds one of `. / # $ [ ]` (`validation_failed`).
        """
        return (yield from self._create("sheet", path, name, self._sheet_members(columns, prompt), key))

    def _sheet_members(self, columns: Sequence[Column | str] | str, prompt: str) -> dict[str, Any]:
        return {"columns": [column.to_wire() for column in columns_of(columns)], **_prompt(prompt)}

    def create_folder(self, path: str, name: str, *, key: str | None = None) -> Steps[Created]:
        """Make a folder in a folder that exists."""
        return (yield from self._create("folder", path, name, {}, key))

    def create_memo(self, path: str, name: str, text: str, *, key: str | None = None) -> Steps[Created]:
        """Make a memo in a folder that exists; a memo is found again by its unique key only."""
        return (yield from self._create("memo", path, name, {"text": text}, key))

    def _create(
        self, type: str, path: str, name: str, members: Mapping[str, Any], key: str | None
    ) -> Steps[Created]:
        body = JsonBody({"path": path, "type": type, "name": name, **members})
        response = yield from self._keyed("/create", body, key)
        return model_of(self.name, response, space_ocr_models.Created, object_in(self.name, response))

    def space(self, path: str = "/", *, depth: int = 1) -> Steps[tuple[Node, ...]]:
        """List what lies below a folder, flat.

        Args:
            depth: 1..10 levels.
        """
        response = yield from self.call("GET", "/space" + _query(path, [("depth", str(depth))]))
        return tuple(
            model_of(self.name, response, space_ocr_models.Node, node)
            for node in list_in(self.name, response)
        )

    def view(
        self,
        path: str,
        *,
        where: Sequence[str] = (),
        sort: Sequence[str] = (),
        select: Sequence[str] = (),
        limit: int | None = None,
        offset: int | None = None,
        boxes: bool = True,
    ) -> Steps[View]:
        """Read a folder, a memo, an image, or one page of a sheet's rows; reading is free.

        Args:
            where: Conditions that must all hold, such as `ocrStatus=failed` or `total>=40000`; operators
                `= != > >= < <= ~`.
            sort: `column:asc`, `column:desc` or `-column`, the first one first.
            select: The columns wanted; all when empty.
            limit: Rows, at most 500.
            boxes: False leaves out where the values stand.
        """
        options = [("where", condition) for condition in where]
        options += [("sort", order) for order in sort]
        options += [("select", ",".join(select))] if select else []
        options += [("limit", str(limit))] if limit is not None else []
        options += [("offset", str(offset))] if offset is not None else []
        options += [] if boxes else [("boxes", "0")]
        response = yield from self.call("GET", "/view" + _query(path, options))
        return model_of(self.name, response, space_ocr_models.View, object_in(self.name, response))

    def rows(
        self, path: str = "", *, where: Sequence[str] = (), sort: Sequence[str] = (), limit: int = MAX_ROWS
    ) -> Steps[tuple[Row, ...]]:
        """Read rows of a sheet over as many pages as needed; `where=["ocrStatus=failed"]` finds what went wrong.

        Args:
            path: The configured sheet when empty.
            limit: Rows in all.

        `read_result({"result": row.values})` normalises one. Rows do not name their jobs.
        """
        found: list[Row] = []
        offset: int | None = 0
        while offset is not None and len(found) < limit:
            page = yield from self.view(
                path or self._needed_sheet(),
                where=where,
                sort=sort,
                limit=min(limit - len(found), MAX_ROWS),
                offset=offset,
            )
            found += page.rows
            # A page without rows, or one that leads back, would be asked for again and again.
            following = page.next_offset if page.rows else None
            offset = following if following is not None and following > offset else None
        return tuple(found)

    def edit_cell(self, path: str, *, row: int | str, column: int | str, value: Any) -> Steps[None]:
        """Correct one cell of a sheet.

        Args:
            row: Index from 0 (assumed) or row key.
            column: Index from 0 (assumed) or name.
        """
        body = JsonBody({"path": path, "row": row, "column": column, "value": value})
        yield from self.call("POST", "/edit", body=body)

    def edit_memo(self, path: str, text: str) -> Steps[None]:
        """Replace the text of a memo."""
        yield from self.call("POST", "/edit", body=JsonBody({"path": path, "text": text}))

    def remove(self, path: str) -> Steps[None]:
        """Delete a node with everything below it, images included."""
        yield from self.call("POST", "/remove", body=JsonBody({"path": path}))

    # Reading one image at once

    def ocr_fields(
        self,
        image: Document | str,
        *,
        fields: Sequence[Column | str] | str = (),
        template_id: str = "",
        auto_fields: bool = False,
        prompt: str = "",
        key: str | None = None,
    ) -> Steps[Result]:
        """Read one image while the caller waits; nothing is stored.

        Args:
            image: A document, or a URL that space-ocr can fetch.
            fields: What to extract; or a `template_id` (see `TEMPLATE_IDS`), or `auto_fields`: exactly one.

        Raises:
            ConfigurationError: If not exactly one of the three is given.
            ServerError: `ocr_engine_error`; refunded. With `auto_fields` it may mean "not a document".
        """
        wanted: dict[str, Any] = {
            "fields": [column.to_wire() for column in columns_of(fields)],
            "templateId": template_id,
            "autoFields": auto_fields,
        }
        wanted = {member: value for member, value in wanted.items() if value}
        if len(wanted) != 1:
            raise ConfigurationError(
                f"{self.name}: ocr_fields needs exactly one of fields, template_id and auto_fields"
            )
        response = yield from self._read_image("/ocr/fields", image, {**wanted, **_prompt(prompt)}, key)
        answer = object_in(self.name, response)
        if not isinstance(answer.get("data"), Mapping):
            raise malformed(self.name, response, "data is missing")
        return space_ocr_results.read_values(
            answer["data"], raw=answer, names=self.names, item_names=self.item_names
        )

    def ocr_markdown(self, image: Document | str, *, prompt: str = "") -> Steps[str]:
        """Read one image as Markdown (reply as a third-party client reads it; the request is assumed)."""
        response = yield from self._read_image("/ocr/markdown", image, _prompt(prompt), None)
        content = object_in(self.name, response).get("data")
        values = content.get("values", content) if isinstance(content, Mapping) else None
        text = values.get("markdown") if isinstance(values, Mapping) else None
        if not isinstance(text, str):
            raise malformed(self.name, response, "data.values.markdown is missing")
        return text

    def suggest_fields(self, image: Document | str) -> Steps[Suggestion]:
        """Ask which fields an image has (the skill only names the endpoint; request and reply are assumed)."""
        response = yield from self._read_image("/ocr/suggest_fields", image, {}, None)
        answer = object_in(self.name, response)
        return model_of(self.name, response, space_ocr_models.Suggestion, answer.get("data", answer))

    def _read_image(
        self, path: str, image: Document | str, members: dict[str, Any], key: str | None
    ) -> Steps[Response]:
        if isinstance(image, str):
            body = JsonBody({"image": image, "imageType": "url", **members})
            return (yield from self._keyed(path, body, key))
        if image.content_type not in IMAGES:
            raise UnsupportedDocument(
                f"{image.filename} is {image.content_type}: {self.name} reads one image at a time, so upload it"
            )
        if image.size_bytes > MAX_FILE_BYTES:
            raise UnsupportedDocument(
                f"{image.filename} has {image.size_bytes} bytes: {self.name} takes {MAX_FILE_BYTES} an image",
                code="too_large",
            )
        body64 = Base64Json("image", image, {"imageType": "base64", **members})
        return (yield from self._keyed(path, body64, key))


def _prompt(prompt: str) -> dict[str, Any]:
    return {"prompt": prompt} if prompt else {}


def _query(path: str, options: Sequence[tuple[str, str]]) -> str:
    # A path keeps its slashes; `%2F` is refused with validation_failed (skill, changelog 0.2.1).
    parts = [
        f"path={quote(path, safe='/')}",
        *(f"{name}={quote(value, safe='/')}" for name, value in options),
    ]
    return "?" + "&".join(parts)
