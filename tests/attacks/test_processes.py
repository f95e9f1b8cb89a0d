"""Memory that ends or grows, cancelled runs, hostile neighbours, forks: a process for each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from attacks.hostile import needs_bad_alloc

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "attack",
    [
        pytest.param("out_of_memory", marks=needs_bad_alloc),
        "cancelled_run",
        "hostile_neighbours",
        # AddressSanitizer also keeps freed memory for a while.
        pytest.param("registered_often", marks=[needs_bad_alloc, pytest.mark.slow]),
        pytest.param("maps_that_share_memory", marks=needs_bad_alloc),
        "forked",
    ],
)
def test_process_survives(attack):
    path = os.pathsep.join([str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-m", "attacks.children", attack],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
