"""Document-OCR providers on localhost: the same wires as the real ones, reading what is uploaded, misbehaving on command."""

from __future__ import annotations

from paperhook.simulator.app import Simulator
from paperhook.simulator.clock import SystemClock, VirtualClock
from paperhook.simulator.deliveries import WebhookTarget
from paperhook.simulator.faults import Fault, FaultPlan
from paperhook.simulator.post import HttpPost

__all__ = ["Fault", "FaultPlan", "HttpPost", "Simulator", "SystemClock", "VirtualClock", "WebhookTarget"]
