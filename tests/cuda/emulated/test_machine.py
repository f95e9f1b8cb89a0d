"""What the machine makes of memory, calls, branches and barriers, and what it finds in wrong kernels."""

from __future__ import annotations

import numpy as np
import pytest

from tests.cuda.emulated.hand_written import Kernel, build, launch

_SHARED = ".shared .align 16 .b8 %s[1024];"
_ADDRESS = "mov.u64 %%rd0, %s; mul.wide.u32 %%rd1, %%lane, 4; add.s64 %%rd0, %%rd0, %%rd1;"


def _shared(name: str, body: str, *registers: str) -> Kernel:
    """A kernel in whose body %rd0 is the thread's own word of shared memory."""
    memory = f"words_{name}"
    head = _ADDRESS % memory
    return Kernel(
        name, head + body, [".b64 %rd<4>", ".b32 %r<8>", ".pred %p<2>", *registers], _SHARED % memory
    )


KERNELS = [
    Kernel(
        "vectors",
        """
        ld.global.v2.u32 {%r0, %r1}, [%theirs];
        st.local.v2.u32 [spot], {%r1, %r0};
        mov.u64 %rd0, spot;
        cvta.local.u64 %rd0, %rd0;
        ld.v2.u32 {%r2, %r3}, [%rd0];
        st.global.v2.u32 [%mine], {%r2, %r3};
        """,
        [".b64 %rd<1>", ".b32 %r<4>"],
    ),
    Kernel(
        "call",
        """
        {
        .param .b64 param0; st.param.b64 [param0], %at;
        .param .b64 retval0;
        call.uni (retval0), twice, (param0);
        ld.param.b64 %rd0, [retval0];
        }
        st.global.u64 [%mine], %rd0;
        """,
        [".b64 %rd<1>"],
        """.func (.param .b64 twice_result) twice(.param .b64 twice_0)
        {
        .reg .b64 %rd<2>;
        ld.param.u64 %rd0, [twice_0];
        add.s64 %rd1, %rd0, %rd0;
        st.param.b64 [twice_result], %rd1;
        ret;
        }""",
    ),
    Kernel(
        "loop",  # as often as the lane's number: lanes leave one after the other
        """
        mov.u64 %rd0, 0;
        mov.u32 %r0, 0;
        $again:
        setp.ge.u32 %p0, %r0, %lane;
        @%p0 bra $done;
        add.s64 %rd0, %rd0, 3;
        add.s32 %r0, %r0, 1;
        bra.uni $again;
        $done:
        @%p0 st.global.u64 [%mine], %rd0;
        """,
        [".b64 %rd<1>", ".b32 %r<1>", ".pred %p<1>"],
    ),
    Kernel(
        "atomics",
        """
        atom.global.add.u32 %r0, [%out+512], 2;
        st.global.u32 [%mine], %r0;
        red.global.max.s32 [%out+520], %lane;
        atom.global.cas.b32 %r1, [%out+528], 0, 7;
        red.global.add.f32 [%out+536], 0f3F000000;
        atom.global.exch.b64 %rd0, [%out+544], %at;
        """,
        [".b32 %r<2>", ".b64 %rd<1>"],
    ),
    _shared(
        "reversed",  # each lane reads what another wrote, after the block's barrier
        """
        st.shared.u32 [%rd0], %lane;
        bar.sync 0;
        sub.s32 %r0, 63, %lane;
        mul.wide.u32 %rd1, %r0, 4;
        mov.u64 %rd2, words_reversed;
        add.s64 %rd1, %rd1, %rd2;
        ld.shared.u32 %r1, [%rd1];
        st.global.u32 [%mine], %r1;
        """,
    ),
    _shared(
        "warp_barrier",  # the same within a warp
        """
        st.shared.u32 [%rd0], %lane;
        bar.warp.sync -1;
        xor.b32 %r0, %lane, 1;
        mul.wide.u32 %rd1, %r0, 4;
        mov.u64 %rd2, words_warp_barrier;
        add.s64 %rd1, %rd1, %rd2;
        ld.shared.u32 %r1, [%rd1];
        bar.warp.sync -1;
        st.shared.u32 [%rd0], %r1;
        st.global.u32 [%mine], %r1;
        """,
    ),
    _shared(
        "race",
        """
        st.shared.u32 [%rd0], %lane;
        mov.u64 %rd2, words_race;
        ld.shared.u32 %r1, [%rd2];
        """,
    ),
    _shared("two_writes", "mov.u64 %rd2, words_two_writes; st.shared.u32 [%rd2], %lane;"),
    _shared(
        "shared_atomics",
        """
        setp.eq.u32 %p0, %lane, 0;
        @%p0 st.shared.u32 [%rd0], 0;
        bar.sync 0;
        mov.u64 %rd2, words_shared_atomics;
        atom.shared.add.u32 %r0, [%rd2], 1;
        bar.sync 0;
        ld.shared.u32 %r1, [%rd2];
        st.global.u32 [%mine], %r1;
        """,
    ),
    _shared("not_set", "ld.shared.u32 %r0, [%rd0];"),
    _shared("outside_shared", "ld.shared.u32 %r0, [%rd0+1024];"),
    _shared("misaligned_shared", "st.shared.u32 [%rd0+2], %lane;"),
    Kernel("outside", "ld.global.u64 %rd0, [%theirs+8];", [".b64 %rd<1>"]),
    Kernel("misaligned", "ld.global.u32 %r0, [%theirs+2];", [".b32 %r<1>"]),
    Kernel("to_an_input", "st.global.u32 [%theirs], %lane;"),
    Kernel("local_not_set", "ld.local.u32 %r0, [spot+8];", [".b32 %r<1>"]),
    Kernel(
        "divergent",
        "setp.lt.u32 %p0, %lane, 5; @%p0 bra $over; bar.sync 0; $over: st.global.u32 [%mine], %lane;",
        [".pred %p<1>"],
    ),
    Kernel(
        "missing_lanes",
        "setp.lt.u32 %p0, %lane, 5; @%p0 bra $there; shfl.sync.idx.b32 %r0, %lane, 0, 31, -1; $there:",
        [".pred %p<1>", ".b32 %r<1>"],
    ),
]
for _kernel in KERNELS:
    if "spot" in _kernel.body:
        _kernel.body = ".local .align 16 .b8 spot[16];\n" + _kernel.body


@pytest.fixture(scope="module")
def emulator(tmp_path_factory):
    return build(KERNELS, tmp_path_factory.mktemp("machine"))


def run(emulator, kernel: str, threads: int = 32) -> tuple[np.ndarray, list[str]]:
    data = np.arange(threads, dtype=np.uint64) * 2**32 + 5
    return launch(emulator, kernel, data, threads + 40, threads)


@pytest.mark.parametrize(
    "kernel, expected",
    [
        ("vectors", np.arange(32) + 5 * 2**32),
        ("call", np.arange(32) * 16),
        ("loop", np.arange(32) * 3),
        ("warp_barrier", np.arange(32) ^ 1),
        ("shared_atomics", np.full(32, 32)),
    ],
)
def test_results(emulator, kernel, expected):
    got, findings = run(emulator, kernel)
    np.testing.assert_array_equal(got[:32], expected.astype(np.uint64))
    assert not findings


def test_barrier_of_a_block_of_two_warps(emulator):
    got, findings = run(emulator, "reversed", threads=64)
    np.testing.assert_array_equal(got[:64], np.arange(63, -1, -1))
    assert not findings


def test_atomics(emulator):
    got, findings = run(emulator, "atomics")
    assert not findings
    np.testing.assert_array_equal(np.sort(got[:32]), np.arange(0, 64, 2))
    assert list(got[64:69]) == [64, 31, 7, int(np.float32(16).view(np.uint32)), 31 * 8]


@pytest.mark.parametrize(
    "kernel, finding",
    [
        ("race", "race: read after write"),
        ("two_writes", "race: two writes"),
        ("not_set", "uninitialised shared memory"),
        ("outside_shared", "shared memory out of bounds"),
        ("misaligned_shared", "misaligned shared access"),
        ("outside", "load out of bounds"),
        ("misaligned", "misaligned global access"),
        ("to_an_input", "store to an input"),
        ("local_not_set", "uninitialised local memory"),
        ("divergent", "divergent barrier"),
        ("missing_lanes", "lanes of a warp are missing"),
    ],
)
def test_findings(emulator, kernel, finding):
    _, findings = run(emulator, kernel)
    assert findings
    assert all(f.startswith(finding) for f in findings if not f.startswith("shuffle")), findings
