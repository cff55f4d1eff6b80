"""Sends signed deliveries to a receiver, with faults on command, and says whether each was answered as it should be."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import httpx

from ..errors import ConfigurationError, TransportError
from ..simulator import Fault, FaultPlan
from ..simulator.faults import Faults
from ..testing.signing import FORGERIES, Forgery, check_forgery, sign
from .choosing import Chosen
from .output import out

#: What may go wrong with deliveries; other faults are about requests to a provider.
FAULTS = ("duplicate", "reorder", "delay", "drop", *FORGERIES)
#: Seconds until an answer.
TIMEOUT = 30.0


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One delivery that will be sent."""

    #: What it is, for people.
    name: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    #: What is wrong with it; empty where nothing is.
    fault: str = ""
    #: Seconds to wait before it is sent.
    wait: float = 0.0

    @property
    def is_forged(self) -> bool:
        """Whether it must be refused."""
        return self.fault in FORGERIES


def faults_named(texts: Sequence[str] | None, seed: int) -> FaultPlan:
    """Read faults such as `duplicate`, `drop=0.2` or `tamper=1x`.

    Raises:
        ConfigurationError: If one has another form, or is none that a delivery can have.
    """
    plan = FaultPlan(tuple(Fault.parse(text.replace("-", "_")) for text in texts or ()), seed)
    for fault in plan.faults:
        if fault.kind not in FAULTS:
            raise ConfigurationError(f"fault {fault.kind}: a delivery can have {', '.join(FAULTS)}")
    return plan


def planned(made: Iterable[Outgoing], plan: FaultPlan) -> list[Outgoing]:
    """Say what is sent, in order: a dropped delivery is not there, a duplicate is there twice."""
    faults = Faults(plan)

    def strike(*kinds: str) -> Fault | None:
        return faults.strike(kinds, "*")

    sent: list[Outgoing] = []
    held: list[Outgoing] = []
    for each in made:
        if strike("drop") is not None:
            continue
        forgery, twice, held_back = strike(*FORGERIES), strike("duplicate"), strike("delay", "reorder")
        one = replace(each, fault=forgery.kind if forgery is not None else "")
        if held_back is not None and held_back.kind == "delay":
            one = replace(one, wait=held_back.seconds, fault=one.fault or "delay")
        copies = [one, replace(each, fault="duplicate")] if twice is not None else [one]
        if held_back is not None and held_back.kind == "reorder":
            held += [replace(copy, fault=copy.fault or "reorder") for copy in copies]
            continue
        sent += [*copies, *held]
        held = []
    return sent + held


def send_all(
    outgoing: Sequence[Outgoing],
    chosen: Chosen,
    to: str,
    *,
    as_json: bool,
    sleep: Callable[[float], Any] = time.sleep,
) -> bool:
    """Send deliveries one after the other and print how each was answered.

    Returns:
        Whether what is right was answered with 2xx, and what is forged with 4xx.

    Raises:
        ConfigurationError: If nobody answers, there is no secret, or the scheme could not notice a forgery.
    """
    for fault in {each.fault for each in outgoing if each.is_forged}:
        check_forgery(chosen.scheme, fault, is_signed=bool(chosen.secrets))
    is_well = True
    with httpx.Client(timeout=TIMEOUT) as client:
        for each in outgoing:
            sleep(each.wait)
            answer, seconds = _post(client, to, each, chosen)
            refused = 400 <= answer.status_code < 500
            is_well = is_well and (refused if each.is_forged else answer.is_success)
            _show(each, answer, seconds, as_json)
    return is_well


def _post(client: httpx.Client, to: str, each: Outgoing, chosen: Chosen) -> tuple[httpx.Response, float]:
    delivery = sign(
        chosen.provider or chosen.scheme,
        each.body,
        secret=chosen.secrets[0] if chosen.secrets else None,
        headers=each.headers,
        forgery=cast("Forgery", each.fault) if each.is_forged else None,
    )
    started = time.perf_counter()
    try:
        answer = client.post(to, **delivery.for_httpx())
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise ConfigurationError(
            f"{to!r} is no URL: write one such as http://127.0.0.1:8000/webhooks/docuparse"
        ) from error
    except httpx.RequestError as error:
        raise TransportError(
            f"{to}: {str(error) or type(error).__name__}: is your receiver running?"
        ) from error
    return answer, time.perf_counter() - started


def _show(each: Outgoing, answer: httpx.Response, seconds: float, as_json: bool) -> None:
    row = {
        "status": answer.status_code,
        "milliseconds": round(seconds * 1000, 1),
        "outcome": _outcome_of(answer),
        "event": each.name,
        "fault": each.fault,
    }
    if as_json:
        out.json(row)
        return
    fault = f"  ({each.fault})" if each.fault else ""
    out.line(f"{row['status']}  {row['milliseconds']:g} ms  {row['outcome']}  {each.name}{fault}")


def _outcome_of(answer: httpx.Response) -> str:
    """Give our own receiver's word, or the beginning of what another one says."""
    if answer.has_redirect_location:
        # A mount's path without its slash, most often.
        return f"redirect to {answer.headers['location']}, which no provider follows: name the whole path"
    try:
        outcome = answer.json()["outcome"]
    except (ValueError, KeyError, TypeError):
        outcome = None
    return outcome if isinstance(outcome, str) else json.dumps(answer.text[:200], ensure_ascii=False)
