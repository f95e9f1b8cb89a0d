"""Every rule of docs/semantics.md on everything that computes RoIAlign."""

from __future__ import annotations

import pytest
from semantics.cases import CASES
from semantics.implementations import NAMES, make

RULES = sorted({case.rule for case in CASES})


@pytest.fixture(scope="module", params=NAMES)
def implementation(request, tmp_path_factory):
    made = make(request.param, tmp_path_factory.mktemp("semantics"))
    return made or pytest.skip("needs a C++ compiler")


@pytest.mark.parametrize("rule", RULES)
def test_rule(implementation, rule):
    cases = [case for case in CASES if case.rule == rule and implementation.takes(case)]
    if not cases:
        pytest.skip("has no such attribute or type")
    for case in cases:
        case.check(implementation(case))
