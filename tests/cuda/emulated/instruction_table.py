"""What single PTX instructions make of their operands, after NVIDIA's "Parallel Thread Execution ISA"."""

from __future__ import annotations

from dataclasses import dataclass

INF = float("inf")
NAN = float("nan")


@dataclass(frozen=True)
class Row:
    """An instruction of ``d`` and ``a``, ``b``, ``c``, their types in this order, and values of them."""

    text: str
    kinds: tuple[str, ...]
    values: tuple[tuple, ...]  # the operands, then the result

    @property
    def opcode(self) -> str:
        return self.text.split(".")[0]


def _row(text: str, kinds: str, *values: tuple) -> Row:
    return Row(text, tuple(kinds.split()), values)


_INTEGERS = [
    _row("add.s32 d, a, b", "s32 s32 s32", (2, 3, 5), (2**31 - 1, 1, -(2**31))),
    _row("add.s64 d, a, b", "s64 s64 s64", (-2, 3, 1), (2**63 - 1, 1, -(2**63))),
    _row("add.s16 d, a, b", "s16 s16 s16", (32767, 1, -32768)),
    _row("sub.s32 d, a, b", "s32 s32 s32", (2, 3, -1), (-(2**31), 1, 2**31 - 1)),
    _row("mul.lo.s32 d, a, b", "s32 s32 s32", (-3, 5, -15), (2**16, 2**16, 0)),
    _row("mul.lo.u16 d, a, b", "u16 u16 u16", (65535, 65535, 1)),
    _row("mul.hi.u32 d, a, b", "u32 u32 u32", (2**31, 6, 3), (2**32 - 1, 2**32 - 1, 2**32 - 2)),
    _row("mul.hi.s32 d, a, b", "s32 s32 s32", (-1, 1, -1)),
    _row("mul.hi.u64 d, a, b", "u64 u64 u64", (2**63, 6, 3)),
    _row("mul.wide.u32 d, a, b", "u64 u32 u32", (2**32 - 1, 2, 2**33 - 2)),
    _row("mul.wide.s32 d, a, b", "s64 s32 s32", (-5, 3, -15), (2**31 - 1, 4, 2**33 - 4)),
    _row("mad.lo.s32 d, a, b, c", "s32 s32 s32 s32", (2, 3, 4, 10)),
    _row("mad.lo.s64 d, a, b, c", "s64 s64 s64 s64", (2, -3, 4, -2)),
    _row("mad.wide.u32 d, a, b, c", "u64 u32 u32 u64", (2**31, 4, 1, 2**33 + 1)),
    _row("div.s32 d, a, b", "s32 s32 s32", (-7, 2, -3), (7, -2, -3), (-(2**31), -1, -(2**31))),
    _row("div.u32 d, a, b", "u32 u32 u32", (7, 2, 3), (7, 0, 2**32 - 1)),
    _row("div.s64 d, a, b", "s64 s64 s64", (-7, 2, -3)),
    _row("rem.s32 d, a, b", "s32 s32 s32", (-7, 2, -1), (7, -2, 1)),
    _row("rem.u32 d, a, b", "u32 u32 u32", (7, 4, 3)),
    _row("min.s32 d, a, b", "s32 s32 s32", (-1, 1, -1)),
    _row("min.u32 d, a, b", "u32 u32 u32", (2**32 - 1, 1, 1)),
    _row("max.s32 d, a, b", "s32 s32 s32", (-1, 1, 1)),
    _row("max.u64 d, a, b", "u64 u64 u64", (2**64 - 1, 1, 2**64 - 1)),
    _row("abs.s32 d, a", "s32 s32", (-5, 5), (5, 5), (-(2**31), -(2**31))),
    _row("neg.s32 d, a", "s32 s32", (5, -5), (-(2**31), -(2**31))),
    _row("neg.s64 d, a", "s64 s64", (5, -5)),
    _row("popc.b32 d, a", "u32 u32", (0, 0), (0xF0F0, 8)),
    _row("popc.b64 d, a", "u32 u64", (2**64 - 1, 64)),
    _row("clz.b32 d, a", "u32 u32", (0, 32), (1, 31), (2**31, 0)),
    _row("clz.b64 d, a", "u32 u64", (0, 64), (1, 63)),
    _row("brev.b32 d, a", "u32 u32", (1, 2**31), (0xF, 0xF0000000)),
    _row(
        "prmt.b32 d, a, b, c",
        "u32 u32 u32 u32",
        (0x33221100, 0x77665544, 0x7604, 0x77660044),
        (0x80FF7F01, 0x12345678, 0x8BA9, 0x00FFFF00),
    ),
    _row("bfe.u32 d, a, b, c", "u32 u32 u32 u32", (0xABCD, 4, 8, 0xBC), (0xABCD, 0, 0, 0), (1, 40, 3, 0)),
    _row("and.b32 d, a, b", "u32 u32 u32", (12, 10, 8)),
    _row("or.b64 d, a, b", "u64 u64 u64", (12, 10, 14)),
    _row("xor.b32 d, a, b", "u32 u32 u32", (12, 10, 6)),
    _row("not.b32 d, a", "u32 u32", (0, 2**32 - 1)),
    _row("and.pred d, a, b", "pred pred pred", (1, 1, 1), (1, 0, 0)),
    _row("or.pred d, a, b", "pred pred pred", (1, 0, 1), (0, 0, 0)),
    _row("not.pred d, a", "pred pred", (1, 0), (0, 1)),
    _row("shl.b32 d, a, b", "u32 u32 u32", (3, 4, 48), (1, 32, 0), (1, 31, 2**31)),
    _row("shl.b64 d, a, b", "u64 u64 u32", (1, 63, 2**63), (1, 64, 0)),
    _row("shr.u32 d, a, b", "u32 u32 u32", (48, 4, 3), (2**31, 32, 0)),
    _row("shr.s32 d, a, b", "s32 s32 u32", (-48, 4, -3), (-1, 99, -1)),
    _row("shr.s64 d, a, b", "s64 s64 u32", (-(2**40), 8, -(2**32))),
    _row("shf.l.wrap.b32 d, a, b, c", "u32 u32 u32 u32", (0x80000000, 1, 1, 3), (5, 7, 32, 7)),
    _row("shf.r.clamp.b32 d, a, b, c", "u32 u32 u32 u32", (1, 3, 1, 0x80000000), (5, 7, 40, 7)),
    _row("selp.b32 d, a, b, c", "u32 u32 u32 pred", (4, 5, 1, 4), (4, 5, 0, 5)),
    _row("selp.s64 d, a, b, c", "s64 s64 s64 pred", (-4, 5, 1, -4)),
    _row("mov.u32 d, a", "u32 u32", (7, 7)),
    _row("mov.b64 d, {a, b}", "u64 u32 u32", (1, 2, 2**33 + 1)),
    _row("mov.b64 {_, d}, a", "u32 u64", (2**33 + 1, 2)),
    _row("mov.b32 d, a", "u32 f32", (1.0, 0x3F800000)),
    _row("mov.pred d, a", "pred pred", (1, 1)),
    _row("cvta.to.global.u64 d, a", "u64 u64", (4096, 4096)),
]

_FLOATS = [
    _row("add.f32 d, a, b", "f32 f32 f32", (1.5, 2.0, 3.5), (2.0**24, 1.0, 2.0**24)),
    _row("add.rn.f64 d, a, b", "f64 f64 f64", (0.1, 0.2, 0.30000000000000004)),
    _row(
        "add.rz.f32 d, a, b", "f32 f32 f32", (1.0, -(2.0**-60), 1 - 2.0**-24), (-1.0, 2.0**-60, -1 + 2.0**-24)
    ),
    _row("sub.f32 d, a, b", "f32 f32 f32", (1.5, 2.0, -0.5), (INF, INF, NAN)),
    _row("mul.rn.f32 d, a, b", "f32 f32 f32", (3.0, 0.5, 1.5), (2.0**-100, 2.0**-40, 2.0**-140)),
    _row(
        "fma.rm.f32 d, a, b, c", "f32 f32 f32 f32", (1, 2.0**-30, 1, 1.0), (1, -(2.0**-30), 1, 1 - 2.0**-24)
    ),
    _row("fma.rn.f32 d, a, b, c", "f32 f32 f32 f32", (1 + 2.0**-12, 1 + 2.0**-12, -1.0, 2.0**-11 + 2.0**-24)),
    _row("fma.rn.f64 d, a, b, c", "f64 f64 f64 f64", (1 + 2.0**-30, 1 + 2.0**-30, -1.0, 2.0**-29 + 2.0**-60)),
    _row("div.rn.f32 d, a, b", "f32 f32 f32", (1.0, 4.0, 0.25), (1.0, 0.0, INF), (0.0, 0.0, NAN)),
    _row("div.rn.f64 d, a, b", "f64 f64 f64", (1.0, 3.0, 1 / 3)),
    _row("rcp.rn.f32 d, a", "f32 f32", (4.0, 0.25), (-0.0, -INF)),
    _row("sqrt.rn.f32 d, a", "f32 f32", (2.25, 1.5), (-1.0, NAN)),
    _row("min.f32 d, a, b", "f32 f32 f32", (1.0, 2.0, 1.0), (NAN, 2.0, 2.0), (0.0, -0.0, -0.0)),
    _row("max.f64 d, a, b", "f64 f64 f64", (1.0, 2.0, 2.0), (1.0, NAN, 1.0), (-0.0, 0.0, 0.0)),
    _row("abs.f32 d, a", "f32 f32", (-2.0, 2.0), (-0.0, 0.0)),
    _row("neg.f64 d, a", "f64 f64", (2.0, -2.0), (0.0, -0.0)),
    _row("copysign.f32 d, a, b", "f32 f32 f32", (-1.0, 2.0, -2.0)),
    _row("ex2.approx.ftz.f32 d, a", "f32 f32", (3.0, 8.0), (-130.0, 0.0), (-INF, 0.0)),
    _row("ex2.approx.f32 d, a", "f32 f32", (-130.0, 2.0**-130)),
    _row("lg2.approx.f32 d, a", "f32 f32", (8.0, 3.0), (0.0, -INF)),
    _row("selp.f32 d, a, b, c", "f32 f32 f32 pred", (4.0, 5.0, 0, 5.0)),
    _row("mov.f32 d, a", "f32 f32", (-0.0, -0.0)),
    _row("mov.b32 d, a", "f32 u32", (0x3F800000, 1.0)),
]

_COMPARISONS = [
    _row("setp.lt.s32 d, a, b", "pred s32 s32", (-1, 1, 1), (1, 1, 0)),
    _row("setp.lt.u32 d, a, b", "pred u32 u32", (2**32 - 1, 1, 0)),
    _row("setp.hi.u32 d, a, b", "pred u32 u32", (2**32 - 1, 1, 1)),
    _row("setp.eq.s64 d, a, b", "pred s64 s64", (-1, -1, 1)),
    _row("setp.ne.s16 d, a, b", "pred s16 s16", (3, 4, 1)),
    _row("setp.ge.f32 d, a, b", "pred f32 f32", (1.0, 1.0, 1), (NAN, 1.0, 0)),
    _row("setp.leu.f64 d, a, b", "pred f64 f64", (2.0, 1.0, 0), (NAN, 1.0, 1)),
    _row("setp.ne.f32 d, a, b", "pred f32 f32", (1.0, 2.0, 1), (NAN, 1.0, 0)),
    _row("setp.neu.f32 d, a, b", "pred f32 f32", (1.0, 1.0, 0), (NAN, 1.0, 1)),
    _row("setp.num.f32 d, a, b", "pred f32 f32", (1.0, 1.0, 1), (NAN, 1.0, 0)),
    _row("setp.nan.f64 d, a, b", "pred f64 f64", (1.0, 1.0, 0), (NAN, 1.0, 1)),
    _row("setp.eq.and.s32 d, a, b, c", "pred s32 s32 pred", (1, 1, 1, 1), (1, 1, 0, 0)),
    _row("setp.eq.or.s32 d, a, b, !c", "pred s32 s32 pred", (1, 2, 0, 1), (1, 2, 1, 0)),
]

_CONVERSIONS = [
    _row("cvt.s64.s32 d, a", "s64 s32", (-5, -5)),
    _row("cvt.u64.u32 d, a", "u64 u32", (2**32 - 1, 2**32 - 1)),
    _row("cvt.u32.u64 d, a", "u32 u64", (2**33 + 5, 5)),
    _row("cvt.u32.u16 d, a", "u32 u16", (65535, 65535)),
    _row("cvt.s32.s16 d, a", "s32 s16", (-2, -2)),
    _row("cvt.s32.s8 d, a", "s32 s32", (255, -1), (127, 127)),
    _row("cvt.rn.f32.s32 d, a", "f32 s32", (2**24 + 1, 2.0**24), (-3, -3.0)),
    _row("cvt.rn.f64.s64 d, a", "f64 s64", (-3, -3.0), (2**53 + 1, 2.0**53)),
    _row("cvt.rn.f32.u32 d, a", "f32 u32", (2**32 - 1, 2.0**32)),
    _row("cvt.rzi.s32.f32 d, a", "s32 f32", (-2.7, -2), (3e9, 2**31 - 1), (NAN, 0)),
    _row("cvt.rzi.s64.f64 d, a", "s64 f64", (2.7, 2), (-1e30, -(2**63)), (NAN, -(2**63))),
    _row("cvt.rni.s32.f32 d, a", "s32 f32", (2.5, 2), (3.5, 4)),
    _row("cvt.rmi.s32.f32 d, a", "s32 f32", (-2.5, -3)),
    _row("cvt.rpi.f32.f32 d, a", "f32 f32", (2.1, 3.0), (-0.5, -0.0)),
    _row("cvt.rmi.f64.f64 d, a", "f64 f64", (-2.1, -3.0)),
    _row("cvt.sat.f32.f32 d, a", "f32 f32", (-0.5, 0.0), (0.25, 0.25), (INF, 1.0), (NAN, 0.0)),
    _row("cvt.rn.f32.f64 d, a", "f32 f64", (1 + 2.0**-25, 1.0), (1e300, INF)),
    _row("cvt.f64.f32 d, a", "f64 f32", (0.1, 0.10000000149011612)),
    _row(
        "cvt.rn.f16.f32 d, a",
        "u16 f32",
        (1.0, 0x3C00),
        (1e6, 0x7C00),
        (-(2.0**-25), 0x8000),
        (3 * 2.0**-25, 2),
    ),
    _row("cvt.f32.f16 d, a", "f32 u16", (0x3C00, 1.0), (0x0001, 2.0**-24), (0xFC00, -INF)),
]

# Of a whole warp: operands and results of the 32 lanes.
_LANES = range(32)
_VOTES = [
    _row("vote.sync.any.pred d, a, -1", "pred pred", *((int(n == 5), 1) for n in _LANES)),
    _row("vote.sync.all.pred d, a, -1", "pred pred", *((int(n != 5), 0) for n in _LANES)),
    _row("vote.sync.all.pred d, !a, -1", "pred pred", *((0, 1) for _ in _LANES)),
    _row("vote.sync.uni.pred d, a, -1", "pred pred", *((0, 1) for _ in _LANES)),
    _row("vote.sync.ballot.b32 d, a, -1", "u32 pred", *((n % 2, 0xAAAAAAAA) for n in _LANES)),
    _row("shfl.sync.idx.b32 d, a, 3, 31, -1", "u32 u32", *((10 * n, 30) for n in _LANES)),
    _row("shfl.sync.up.b32 d, a, 1, 0, -1", "f32 f32", *((float(n), float(max(n - 1, 0))) for n in _LANES)),
    _row("shfl.sync.down.b32 d, a, 4, 31, -1", "s32 s32", *((n, n + 4 if n < 28 else n) for n in _LANES)),
    _row("shfl.sync.bfly.b32 d, a, 16, 31, -1", "u32 u32", *((n, n ^ 16) for n in _LANES)),
    # In segments of eight lanes.
    _row(
        "shfl.sync.down.b32 d, a, 4, 6175, -1", "u32 u32", *((n, n + 4 if n % 8 < 4 else n) for n in _LANES)
    ),
    _row("shfl.sync.idx.b32 _|d, a, b, 6175, -1", "pred u32 u32", *((n, 9, 1) for n in _LANES)),
]

ROWS = [*_INTEGERS, *_FLOATS, *_COMPARISONS, *_CONVERSIONS, *_VOTES]
