"""Misbehaviour on command: which faults there are, how often they strike, and at which provider."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Literal, cast, get_args

from paperhook.errors import ConfigurationError

FaultKind = Literal[
    "duplicate",
    "reorder",
    "delay",
    "drop",
    "tamper",
    "wrong_signature",
    "stale",
    "restart",
    "throttle",
    "unavailable",
    "reset",
]
KINDS: tuple[str, ...] = get_args(FaultKind)
PROVIDERS = ("space-ocr", "docuparse", "docuprox", "ocriva")
ANY_PROVIDER = "*"

_WRITTEN = re.compile(
    r"(?:(?P<provider>[a-z-]+):)?(?P<kind>[a-z_]+)(?:=(?:(?P<count>\d+)x|(?P<share>\d*\.?\d+)))?"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of misbehaviour and how often it strikes."""

    #: What goes wrong. Deliveries: duplicate, reorder, delay, drop, tamper, wrong_signature, stale, restart.
    #: Requests: throttle (429), unavailable (5xx), reset (the job is made, the answer never comes).
    kind: FaultKind
    #: The provider's name, or "*" for all.
    provider: str = ANY_PROVIDER
    #: Chance per delivery or request, 0..1.
    probability: float = 1.0
    #: How many times at most; None means without end.
    count: int | None = None
    #: Seconds a delayed delivery waits, a reordered one waits at most, or Retry-After says.
    seconds: float = 1.0
    #: Status of `unavailable`.
    status: int = 503
    #: Only requests whose path contains this text; ignored for deliveries.
    path: str = ""

    def __post_init__(self) -> None:
        """Refuse what cannot be meant.

        Raises:
            ConfigurationError: If a member is out of its range.
        """
        if self.kind not in KINDS:
            raise ConfigurationError(f"fault kind {self.kind!r} is unknown; choose from {', '.join(KINDS)}")
        if self.provider not in (ANY_PROVIDER, *PROVIDERS):
            raise ConfigurationError(
                f"provider {self.provider!r} is unknown; choose from {', '.join(PROVIDERS)} or *"
            )
        if not isinstance(self.path, str):
            raise ConfigurationError("path must be text")
        if not 0.0 <= self.probability <= 1.0:
            raise ConfigurationError(f"probability {self.probability} is outside 0..1")
        if self.count is not None and self.count < 0:
            raise ConfigurationError(f"count {self.count} is negative")
        if not 0.0 <= self.seconds <= 86_400:
            raise ConfigurationError(f"seconds {self.seconds} is outside 0..86400")
        if not 500 <= self.status <= 599:
            raise ConfigurationError(f"status {self.status} is not a server error (500..599)")

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Read the short form of a command line: `duplicate`, `drop=0.2`, `docuparse:reset=1x`.

        Raises:
            ConfigurationError: If the text has another form or names no known kind.
        """
        found = _WRITTEN.fullmatch(text)
        if found is None:
            raise ConfigurationError(f"fault {text!r} is not of the form [provider:]kind[=0.5|=3x]")
        return cls(
            kind=cast("FaultKind", found["kind"]),
            provider=found["provider"] or ANY_PROVIDER,
            probability=float(found["share"]) if found["share"] else 1.0,
            count=int(found["count"]) if found["count"] else None,
        )


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Faults to commit, and the seed that makes their order repeatable."""

    faults: tuple[Fault, ...] = ()
    seed: int = 0

    @classmethod
    def parse(cls, *texts: str, seed: int = 0) -> FaultPlan:
        """Read faults in the short form of `Fault.parse`.

        Raises:
            ConfigurationError: As `Fault.parse`.
        """
        return cls(tuple(Fault.parse(text) for text in texts), seed)

    @classmethod
    def from_json(cls, value: object) -> FaultPlan:
        """Read `{"seed": 0, "faults": [{"kind": …, …} or "docuparse:drop=0.2", …]}`.

        Raises:
            ConfigurationError: If the shape, a member's name or a member's value is wrong.
        """
        if not isinstance(value, Mapping):
            raise ConfigurationError("a fault plan is an object with the member faults")
        plan = cast("Mapping[str, object]", value)
        seed, listed = plan.get("seed", 0), plan.get("faults", [])
        if not isinstance(seed, int) or not isinstance(listed, list):
            raise ConfigurationError("seed must be an integer and faults a list")
        return cls(tuple(_fault(one) for one in cast("list[object]", listed)), seed)

    def to_json(self) -> dict[str, object]:
        """Give the shape that `from_json` reads."""
        return {"seed": self.seed, "faults": [asdict(fault) for fault in self.faults]}


class Faults:
    """A plan being carried out: counts run down, the dice are seeded."""

    def __init__(self, plan: FaultPlan) -> None:
        """Begin with this plan."""
        self.follow(plan)

    @property
    def plan(self) -> FaultPlan:
        """Give the plan as it was set."""
        return self._plan

    def follow(self, plan: FaultPlan) -> None:
        """Replace the plan; counts and dice start anew."""
        self._plan = plan
        # Not for secrets: the same seed has to give the same faults again.
        self._dice = random.Random(plan.seed)  # noqa: S311
        self._left: list[tuple[Fault, list[int]]] = [
            (f, [] if f.count is None else [f.count]) for f in plan.faults
        ]

    def strike(self, kinds: Iterable[str], provider: str, *, path: str = "") -> Fault | None:
        """Say which fault of these kinds strikes now, and use it up; None when all goes well."""
        wanted = set(kinds)
        for fault, left in self._left:
            if (
                fault.kind not in wanted
                or fault.provider not in (ANY_PROVIDER, provider)
                or fault.path not in path
            ):
                continue
            if left == [0] or self._dice.random() >= fault.probability:
                continue
            if left:
                left[0] -= 1
            return fault
        return None


def _fault(value: object) -> Fault:
    if isinstance(value, str):
        return Fault.parse(value)
    if not isinstance(value, Mapping):
        raise ConfigurationError("a fault is an object with the member kind, or its short form as text")
    members = cast("Mapping[str, object]", value)
    try:
        return Fault(**members)  # type: ignore[arg-type]  # members come from outside; wrong ones raise TypeError
    except TypeError as error:
        raise ConfigurationError(
            f"a fault has the members {', '.join(Fault.__dataclass_fields__)}, of their types"
        ) from error
