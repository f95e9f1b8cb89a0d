"""Every rule of the pages of docs/ on everything that computes the operator."""

from __future__ import annotations

import pytest
from semantics.implementations import IMPLEMENTATIONS, make
from semantics.table import CASES

# Of each implementation, the rules that it has attributes and types for.
RULES = [
    (name, operator, rule)
    for name, implementation in IMPLEMENTATIONS.items()
    for operator, rule in dict.fromkeys(
        (case.operator, case.rule) for case in CASES if implementation.takes(case)
    )
]


@pytest.fixture(scope="module")
def implementations(tmp_path_factory):
    made = {}

    def get(name):
        if name not in made:
            made[name] = make(name, tmp_path_factory.mktemp("semantics"))
        return made[name] or pytest.skip("needs a C++ compiler")

    return get


@pytest.mark.parametrize(("name", "operator", "rule"), RULES)
def test_rule(implementations, name, operator, rule):
    implementation = implementations(name)
    cases = [case for case in CASES if (case.operator, case.rule) == (operator, rule)]
    for case in filter(implementation.takes, cases):
        case.check(*implementation(case))


def test_every_operator_has_an_oracle_and_a_kernel():
    for name in ("oracle", "baseline"):
        assert {operator for found, operator, _ in RULES if found == name} == {
            case.operator for case in CASES
        }
