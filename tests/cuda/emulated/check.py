"""Runs the compiled kernels over tables of cases and compares with the float64 oracles.

    python -m tests.cuda.emulated.check [OPERATOR ...] [--only WORD] [--random N]

Exits with 1 on a wrong output or any finding: accesses out of bounds or misaligned, races, uninitialised
reads, divergent barriers, outputs written twice or not at all.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from tests.cuda.emulated.emulator import BUILD
from tests.cuda.emulated.operator import OPERATORS, EmulatedOperator, cases_of

_SHOWN = 20  # of the cases with findings


def main() -> int:
    """Run all cases."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("operators", nargs="*", metavar="OPERATOR", help=", ".join(OPERATORS))
    parser.add_argument("--only", default="", metavar="WORD", help="cases whose name has the word")
    parser.add_argument("--random", type=int, default=60, metavar="N", help="random cases of each operator")
    parser.add_argument("--architecture", type=int, default=90)
    parser.add_argument("--build", type=Path, default=BUILD)
    options = parser.parse_args()
    bad = 0
    for name in options.operators or OPERATORS:
        begin = time.time()
        operator = EmulatedOperator(name, options.build, architecture=options.architecture)
        print(f"{name}: built in {time.time() - begin:.0f} s", flush=True)
        bad += check(name, operator, options.only, options.random)
    return 1 if bad else 0


def check(name: str, operator: EmulatedOperator, only: str, random: int) -> int:
    """Return how many cases have findings."""
    emulator = operator.emulator
    begin, ran, bad = time.time(), 0, 0
    covered = np.zeros(emulator.module.block_count, bool)
    for title, case in cases_of(name, random):
        if only not in title:
            continue
        problems = case.check(operator)
        ran += 1
        covered |= emulator.runs() > 0
        if problems:
            bad += 1
            if bad <= _SHOWN:
                print(f"{title}: {case}", *problems[:12], sep="\n    ")
    print(f"{name}: {ran} cases, {bad} with findings, in {time.time() - begin:.0f} s;", end=" ")
    print(f"{covered.mean():.1%} of {len(covered)} basic blocks ran,", end=" ")
    print(f"no part of {never_ran(emulator, covered)}", flush=True)
    return bad


def never_ran(emulator, covered: np.ndarray) -> str:
    ran, lines = set(), set()
    for function in emulator.module.functions.values():
        for block, instruction in function.instructions():
            if instruction.source and not instruction.source.endswith(":0"):
                lines.add(instruction.source)
                if covered[block.id]:
                    ran.add(instruction.source)
    return ", ".join(sorted(lines - ran)) or "none"


if __name__ == "__main__":
    sys.exit(main())
