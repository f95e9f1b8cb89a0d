"""Faults planted in RoiAlign's kernel, each of which the cases must find."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cuda.emulated.emulator import ROOT
from tests.cuda.emulated.operator import EmulatedOperator, cases_of
from tests.cuda.emulated.toolkit import find_program

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_program("nvcc") is None, reason="needs nvcc"),
]

_KERNEL = "RuleEfE"  # that of float32


@dataclass(frozen=True)
class Edit:
    """What is replaced in a file of ops/, and what the cases must say of it."""

    file: str
    old: str
    new: str
    finding: str


EDITS = {
    "a shifted tap row": Edit(
        "pooling/cuda/sums.h", "rows.taps + taps.begin", "rows.taps + taps.begin + 1", "error"
    ),
    "an off-by-one bound": Edit(
        "pooling/cuda/sums.h", "line < lines; line", "line <= lines; line", "race|bounds"
    ),
}
# Of the kernel's barriers, by their order in the PTX.
BARRIERS = ["first", "middle"]


def findings(operator: EmulatedOperator) -> list[str]:
    """What the cases of float32 find; enough of them to run every part of the kernel."""
    problems = []
    for name, case in cases_of("roi_align", 0):
        if name.startswith("product float32") or ("float32" in str(case)[:8] and "output" in name):
            problems += case.check(operator)
    return problems


def without_barrier(ptx: str, which: str) -> str:
    begin = re.search(rf"\.entry \w*{_KERNEL}", ptx).start()
    bars = [m for m in re.finditer(r"\bbar\.sync\b[^;]*;", ptx) if m.start() > begin]
    end = ptx.find(".entry", begin + 10)
    bars = [m for m in bars if end < 0 or m.start() < end]
    bar = bars[0 if which == "first" else len(bars) // 2]
    return ptx[: bar.start()] + " " * (bar.end() - bar.start()) + ptx[bar.end() :]


def build(folder: Path, ops: Path = ROOT / "ops", **options) -> EmulatedOperator:
    return EmulatedOperator("roi_align", folder, ops, only=_KERNEL, optimise=("-O0",), **options)


def test_no_fault(tmp_path):
    assert not findings(build(tmp_path))


@pytest.mark.parametrize("which", BARRIERS)
def test_a_barrier_taken_out(which, tmp_path):
    operator = build(tmp_path, edit=lambda ptx: without_barrier(ptx, which))
    assert any(p.startswith("race") for p in findings(operator))


@pytest.mark.parametrize("name", EDITS)
def test_edit(name, tmp_path):
    edit = EDITS[name]
    ops = shutil.copytree(ROOT / "ops", tmp_path / "ops")
    text = (ops / edit.file).read_text()
    assert text.count(edit.old) == 1
    (ops / edit.file).write_text(text.replace(edit.old, edit.new))
    problems = findings(build(tmp_path / "build", ops))
    assert any(re.match(edit.finding, p) for p in problems), problems[:10]
