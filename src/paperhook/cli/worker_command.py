"""`paperhook worker module:hooks`: handlers in a process of their own."""

from __future__ import annotations

import asyncio
import importlib
import logging
import sys
import traceback

from ..errors import ConfigurationError, PaperhookError
from ..hooks import Webhooks
from .output import out
from .stopping import stop_asked


def load(target: str) -> Webhooks:
    """Import the user's `Webhooks` object.

    Args:
        target: `module:name`; the module is looked for in the current folder too.

    Raises:
        ConfigurationError: If there is no such module, it cannot be imported, there is no such name, or it is something else.
    """
    module_name, colon, attribute = target.partition(":")
    if not colon or not module_name or not attribute:
        raise ConfigurationError(f"{target!r} is not module:name, such as app:hooks")
    sys.path.insert(0, "")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"no module named {error.name!r}: run the command where {module_name} can be imported"
        ) from error
    except PaperhookError:
        raise
    except Exception as error:
        # Their code, not ours: what it raised and where is what they need.
        where = traceback.extract_tb(error.__traceback__)[-1]
        raise ConfigurationError(
            f"importing {module_name} failed: {type(error).__name__}: {error} ({where.filename}, line {where.lineno})"
        ) from error
    found = getattr(module, attribute, None)
    if not isinstance(found, Webhooks):
        what = "nothing" if found is None else f"a {type(found).__name__}"
        raise ConfigurationError(f"{target} is {what}, not a Webhooks object")
    return found


async def run(hooks: Webhooks, grace: float) -> None:
    """Run handlers until SIGINT or SIGTERM, then finish or release what is running within `grace` seconds."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    stopped = stop_asked()
    running = asyncio.create_task(hooks.run_worker())
    out.line(f"worker is running for {', '.join(hooks.providers)}; stop with Ctrl-C")
    stopping = asyncio.create_task(stopped.wait())
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    await hooks.stop_worker(grace=grace)
    await running
    hooks.close()
