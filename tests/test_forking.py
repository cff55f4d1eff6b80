"""What a forked process does not inherit."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pydantic_core import core_schema

from paperhook import forking
from paperhook.core.model import Model
from tests.forks import exit_code_of


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_model_is_made_in_a_process_that_is_forked_while_a_thread_makes_one() -> None:
    assert forking.FORK_WAITS > 0.2
    building, never = threading.Event(), threading.Event()

    class Held:
        @classmethod
        def __get_pydantic_core_schema__(cls, *_: Any) -> core_schema.CoreSchema:
            building.set()
            # Whoever forks now does it in the middle, or waits for the end.
            never.wait(0.2)
            return core_schema.any_schema()

    class Parents(Model):
        held: Held | None = None

    class Childs(Model):
        number: int = 5

    with ThreadPoolExecutor(1) as pool:
        pool.submit(Parents.model_rebuild, _types_namespace={"Held": Held})
        assert building.wait(30)
        code = exit_code_of(lambda: Childs(number=6))

    assert code == 0


#: A thread uses the first model, and the process is forked while its module is looked for.
LOADING = """
import sys, threading, time
import paperhook.forking
from paperhook.core import models
from tests.forks import exit_code_of

loading = threading.Event()

class Slow:
    def find_spec(self, name, path, target=None):
        if name == "paperhook.core.job":
            loading.set()
            time.sleep(0.2)

sys.meta_path.insert(0, Slow())
threading.Thread(target=lambda: models.Job).start()
assert loading.wait(30)
sys.exit(exit_code_of(lambda: models.Job(id="j1", provider="acme")))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_model_is_loaded_in_a_process_that_is_forked_while_a_thread_loads_it() -> None:
    done = subprocess.run([sys.executable, "-c", LOADING], timeout=60, check=False)

    assert done.returncode == 0
