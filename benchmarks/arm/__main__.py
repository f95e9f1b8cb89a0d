"""Instructions that RoiAlign executes on Arm, with NEON and without: ``python -m benchmarks.arm``.

The kernels are compiled for aarch64 as they are and with ``+nosimd``, where the same vectors become scalar
code, and run under qemu-user, whose plugin `count.c` counts. Prints instructions per box and channel; needs
Debian's g++-aarch64-linux-gnu, gcc and qemu-user.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
OPS = HERE.parents[1] / "ops"
SOURCES = ["base/isa.cc", "base/parallel.cc", "pooling/cpu/plan_store.cc", "roi_align/cpu/pool.cc"]
KERNEL = [
    "-ffp-contract=fast",
    "-DROIOPS_KERNEL_ISA=Isa::kBaseline",
    "-x",
    "c++",
    OPS / "pooling/cpu/kernel.inc",
]
TYPES = ("float32", "float64", "float16", "bfloat16")
BOXES_AND_CHANNELS = 50 * 256


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        plugin = Path(folder, "count.so")
        _run("gcc", "-shared", "-fPIC", HERE / "count.c", "-o", plugin)
        neon = _compile(Path(folder, "neon"))
        scalar = _compile(Path(folder, "scalar"), "-march=armv8-a+nosimd")
        print("instructions per box and channel: with NEON, scalar, ratio")
        for dtype in TYPES:
            counts = [_count(plugin, program, dtype) for program in (neon, scalar)]
            print(f"{dtype}: {counts[0]:.0f} {counts[1]:.0f} {counts[0] / counts[1]:.2f}")


def _compile(program: Path, *options: str) -> Path:
    compiler = ["aarch64-linux-gnu-g++", "-std=c++17", "-O3", "-I", OPS, *options]
    kernel = program.with_suffix(".o")
    _run(*compiler, *KERNEL, "-c", "-o", kernel)
    sources = [OPS / source for source in SOURCES]
    _run(*compiler, "-ffp-contract=off", "-static", HERE / "pool.cc", *sources, kernel, "-o", program)
    return program


def _count(plugin: Path, program: Path, dtype: str) -> float:
    once, twice = (
        int(_run("qemu-aarch64", "-plugin", plugin, program, dtype, repeats)) for repeats in ("1", "2")
    )
    return (twice - once) / BOXES_AND_CHANNELS


def _run(*command: str | Path) -> str:
    return subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main()
