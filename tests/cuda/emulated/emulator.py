"""Kernels of a .cu file as a library for this processor, and the machine that they run on."""

from __future__ import annotations

import ctypes
import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.cuda.emulated.ptx.files import write_files
from tests.cuda.emulated.ptx.parser import parse
from tests.cuda.emulated.toolkit import compile_to_ptx, run

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
BUILD = ROOT / "build/emulated"


def _counters(names: str) -> np.dtype:
    return np.dtype([(name, np.int64) for name in names.split()])


# As in machine/counters.h.
_SITE = _counters("requests lanes sectors lines passes l1_hits l2_hits dram missed_l1 missed_l2")
_TOTALS = np.dtype(
    _counters(
        "l1_read_sectors l1_read_hits l2_reads l2_read_hits l2_writes dram_reads dram_writes "
        "shared_passes shared_requests global_passes local_requests param_requests blocks warps"
    ).descr
    + [("warp_time", np.float64), ("block_time", np.float64)]
)


@dataclass(frozen=True)
class Program:
    """What is built: a .cu or .ptx file, and the C++ files of the host that launch its kernels.

    ``only`` is a pattern of the kernels' names, ``edit`` changes the PTX before it is translated.
    """

    cu: Path
    sources: tuple[Path, ...] = ()
    includes: tuple[Path, ...] = ()
    architecture: int = 90
    checks: bool = True  # look for races and for reads of what is not set
    only: str = ""
    optimise: tuple[str, ...] = ("-O1",)
    edit: Callable[[str], str] | None = None

    def key(self) -> str:
        """Return a name that changes with whatever the build depends on."""
        files = [self.cu, *self.sources, *HERE.glob("ptx/*.py"), *HERE.glob("machine/*")]
        headers = [p for i in self.includes for p in i.rglob("*") if p.suffix in (".h", ".cuh")]
        parts = [repr((self.architecture, self.checks, self.only, self.optimise)).encode()]
        parts += [path.read_bytes() for path in sorted([*files, *headers])]
        return hashlib.sha256(b"".join(parts)).hexdigest()[:12]


class Emulator:
    """A program, built into ``folder`` unless it is there already, and loaded."""

    def __init__(self, program: Program, folder: Path):
        folder = folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        library = folder / f"emulated_{program.key()}.so"
        self.ptx = library.with_suffix(".ptx")
        built = library.exists() and program.edit is None
        if not built:
            for old in folder.glob("emulated_*"):
                old.unlink()
            text = _ptx_of(program, folder).read_text()
            self.ptx.write_text(program.edit(text) if program.edit else text)
        self.module = parse(self.ptx.read_text())
        generated = write_files(self.module, folder, program.only)  # always: writing numbers the accesses
        if not built:
            _compile(program, generated, library)
        self._library = ctypes.CDLL(str(library))
        for name in ("Totals", "Sites", "BlockRuns", "BlockLanes"):
            getattr(self._library, f"Emulator{name}").restype = ctypes.c_void_p
        self._library.EmulatorUnwritten.restype = ctypes.c_int64
        self._sources = {
            i.line: i.source for f in self.module.functions.values() for _, i in f.instructions()
        }
        self.configure()
        self.reset()

    def function(self, name: str, result=ctypes.c_char_p):
        """Return a C function of the program's sources; by default of those that return null or an error."""
        function = getattr(self._library, name)
        function.restype = result
        return function

    def configure(
        self,
        processors=1,
        resident=1,
        l1=128 << 10,
        l2=50 << 20,
        quantum=64,
        first=0,
        count=-1,
        keep_l2=False,
        load_latency=400.0,
        most_blocks=0,
    ):
        """Describe the device: ``machine/scheduler.h`` says what these are."""
        self._library.EmulatorConfigure(
            processors,
            resident,
            *map(ctypes.c_int64, (l1, l2)),
            quantum,
            *map(ctypes.c_int64, (first, count)),
            int(keep_l2),
            ctypes.c_float(load_latency),
            most_blocks,
        )

    def reset(self):
        """Forget findings and counts."""
        self._library.EmulatorReset()

    def memory(self, inputs: Mapping[str, np.ndarray | None], outputs: Mapping[str, np.ndarray], scratch=()):
        """Declare the arrays that kernels may touch. Each byte of an output must be written once.

        ``scratch`` are arrays that kernels may read and write as they like.
        """
        self._library.EmulatorFree()
        for name, array in inputs.items():
            self._declare(name, array, writable=False, watched=False)
        for name, array in outputs.items():
            self._declare(name, array, writable=True, watched=True)
        for number, array in enumerate(scratch):
            self._declare(f"scratch {number}", array, writable=True, watched=False)

    def _declare(self, name: str, array: np.ndarray | None, writable: bool, watched: bool) -> None:
        if array is not None and array.nbytes:
            self._library.EmulatorAllocate(
                ctypes.c_void_p(array.ctypes.data),
                ctypes.c_int64(array.nbytes),
                int(writable),
                int(watched),
                name.encode(),
            )

    def findings(self) -> list[str]:
        text = ctypes.create_string_buffer(1 << 20)
        self._library.EmulatorFindings(text, ctypes.c_int64(len(text)))
        found = []
        for row in text.value.decode().splitlines():
            key, times, first = row.split("\t")
            kind, line = key.rsplit("@", 1)
            source = self._sources.get(int(line), "?")
            found.append(f"{kind}: PTX line {line} ({source}), {times} times, first {first}")
        unwritten = self._library.EmulatorUnwritten()
        return found + ([f"output not written: {unwritten} bytes"] if unwritten else [])

    def launch_alone(self, kernel: str, arguments: Sequence, threads: int = 32, grid: int = 1) -> None:
        """Launch a kernel without code of the host; the arguments are of ctypes."""
        pointers = (ctypes.c_void_p * len(arguments))(*(ctypes.addressof(a) for a in arguments))
        size = ctypes.c_uint32 * 3
        shape = (ctypes.byref(size(grid, 1, 1)), ctypes.byref(size(threads, 1, 1)))
        if self._library.EmulatorLaunch(kernel.encode(), *shape, ctypes.c_size_t(0), pointers):
            raise ValueError(f"there is no kernel {kernel}")

    def set_times(self, times: np.ndarray, rounds: np.ndarray) -> None:
        """Set, of each basic block, the cycles of a warp without loads, and the rounds of loads."""
        arrays = [np.ascontiguousarray(a, np.float32) for a in (times, rounds)]
        self._library.EmulatorTimes(*(a.ctypes.data_as(ctypes.c_void_p) for a in arrays))

    def _array(self, name: str, count: int, kind) -> np.ndarray:
        kind = np.dtype(kind)
        data = (ctypes.c_char * (count * kind.itemsize)).from_address(
            getattr(self._library, f"Emulator{name}")()
        )
        return np.frombuffer(bytes(data), kind)

    def totals(self) -> np.void:
        return self._array("Totals", 1, _TOTALS)[0]

    def sites(self) -> np.ndarray:
        return self._array("Sites", len(self.module.sites), _SITE)

    def runs(self) -> np.ndarray:
        """How many warps ran each basic block."""
        return self._array("BlockRuns", self.module.block_count, np.int64)

    def lanes(self) -> np.ndarray:
        """How many lanes ran each basic block."""
        return self._array("BlockLanes", self.module.block_count, np.int64)


def _ptx_of(program: Program, folder: Path) -> Path:
    if program.cu.suffix == ".ptx":
        return program.cu
    return compile_to_ptx(program.cu, list(program.includes), program.architecture, folder)


def _compile(program: Program, generated: list[Path], library: Path) -> None:
    folder = library.parent
    options = ["-std=c++17", *program.optimise, "-march=native", "-ffp-contract=off", "-fPIC", "-w"]
    # Each library has its own machine.
    options += ["-fno-gnu-unique", f"-DCHECK={int(program.checks)}", f"-I{HERE}"]
    options += [f"-I{i}" for i in program.includes]

    def compile_one(path: Path) -> Path:
        target = folder / f"{path.stem}.emulated.o"
        run(["g++", *options, "-c", path, "-o", target], folder)
        return target

    with ThreadPoolExecutor(2) as pool:
        objects = list(pool.map(compile_one, [*generated, HERE / "machine/cudart.cc", *program.sources]))
    host = [folder / "host.o"] if program.cu.suffix == ".cu" else []
    run(["g++", "-shared", *objects, *host, "-o", library], folder)
