"""Each PTX instruction that is translated, on operands whose results the specification says."""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np
import pytest

from tests.cuda.emulated.hand_written import Kernel, build, launch
from tests.cuda.emulated.instruction_table import ROWS, Row
from tests.cuda.emulated.ptx.arithmetic import SEVERAL, SINGLE
from tests.cuda.emulated.ptx.program import Unsupported

_LANES = 32
_STORED = {"pred": "u32", "s16": "u16"}


def _numpy(kind: str) -> np.dtype:
    names = {"f": "float", "s": "int", "u": "uint", "p": "uint"}
    return np.dtype(f"{names[kind[0]]}{64 if kind == 'pred' else kind[1:]}")


def _cell(kind: str, value) -> np.ndarray:
    """A value in 64 bits, as loads and stores of its type have it."""
    return np.frombuffer(np.array(value).astype(_numpy(kind)).tobytes().ljust(8, b"\0"), np.uint64)


def _row_text(number: int, row: Row) -> tuple[str, list[str]]:
    """The instruction with what loads its operands and stores its result, and its registers."""
    names = "dabc"[: len(row.kinds)]
    registers, before, after = [], [], []
    text = row.text
    for position, (name, kind) in enumerate(zip(names, row.kinds)):
        register = f"%{name}{number}"
        text = re.sub(rf"(?<![\w.%]){name}(?![\w.])", register, text)
        size = "pred" if kind == "pred" else ("f" if kind[0] == "f" else "b") + kind[1:]
        registers.append(f".{size} {register}")
        if name == "d":
            where = f"[%mine+{8 * _LANES * number}]"
            if kind == "pred":
                registers.append(f".b32 %stored{number}")
                after.append(f"selp.b32 %stored{number}, 1, 0, {register};")
                after.append(f"st.global.u32 {where}, %stored{number};")
            else:
                after.append(f"st.global.{kind} {where}, {register};")
            continue
        where = f"[%theirs+{8 * _LANES * (3 * number + position - 1)}]"
        if kind == "pred":
            registers.append(f".b32 %loaded{number}_{position}")
            before.append(f"ld.global.u32 %loaded{number}_{position}, {where};")
            before.append(f"setp.ne.u32 {register}, %loaded{number}_{position}, 0;")
        else:
            before.append(f"ld.global.{kind} {register}, {where};")
    return "\n".join([*before, f"{text};", *after]), registers


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """All rows in one kernel: the results of each row's lanes."""
    bodies, registers = zip(*(_row_text(n, row) for n, row in enumerate(ROWS)))
    text = "\n".join(bodies).replace("_|%", "%none|%")
    kernel = Kernel("rows", text, [".b32 %none", *(r for rs in registers for r in rs)])
    data = np.zeros((len(ROWS), 3, _LANES), np.uint64)
    for n, row in enumerate(ROWS):
        for lane in range(_LANES):
            for i, kind in enumerate(row.kinds[1:]):
                data[n, i, lane] = _cell(kind, row.values[lane % len(row.values)][i])[0]
    emulator = build([kernel], tmp_path_factory.mktemp("rows"))
    out, findings = launch(emulator, "rows", data, len(ROWS) * _LANES)
    assert not findings
    return out.reshape(len(ROWS), _LANES)


@pytest.mark.parametrize("number", range(len(ROWS)), ids=lambda n: ROWS[n].text.replace(" ", "_"))
def test_row(results, number):
    row = ROWS[number]
    kind = row.kinds[0]
    for lane in range(_LANES):
        *operands, expected = row.values[lane % len(row.values)]
        got = results[number, lane : lane + 1].view(np.uint8)[: _numpy(kind).itemsize].view(_numpy(kind))[0]
        expected = np.array(expected).astype(_numpy(kind))[()]
        same = np.array_equal(got, expected, equal_nan=kind[0] == "f")
        same = same and (np.isnan(got) or np.signbit(got) == np.signbit(expected))
        assert same, (operands, got, expected)


def test_every_instruction_of_the_tables_has_a_row():
    assert {row.opcode for row in ROWS} >= {*SINGLE, *SEVERAL, "vote", "shfl"}


def test_a_product_and_a_sum_are_rounded_once():
    """What the table says of fma, from exact numbers."""
    for row in (r for r in ROWS if r.text.startswith("fma.rn")):
        for a, b, c, result in row.values:
            kind = _numpy(row.kinds[0]).type
            assert kind(float(Fraction(a) * Fraction(b) + Fraction(c))) == kind(result)


@pytest.mark.parametrize(
    "text",
    [
        "sin.approx.f32 %f0, %f1;",
        "mul.rz.f32 %f0, %f1, %f1;",
        "add.ftz.f32 %f0, %f1, %f1;",
        "max.NaN.f32 %f0, %f1, %f1;",
        "cvt.rn.bf16.f32 %h0, %f1;",
        "bar.sync 1;",
        "@%p0 bar.sync 0;",
        "@%p0 ret;",
        "ld.const.f32 %f0, [%in];",
        "atom.global.inc.u32 %r0, [%in], %r1;",
    ],
)
def test_what_is_not_known_is_an_error(text, tmp_path):
    registers = [".f32 %f<2>", ".b32 %r<2>", ".b16 %h<1>", ".pred %p<1>"]
    with pytest.raises(Unsupported, match=r"line \d+: "):
        build([Kernel("one", text, registers)], tmp_path)
