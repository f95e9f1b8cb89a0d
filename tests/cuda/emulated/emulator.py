"""Compiles a .cu file with nvcc, translates its PTX to C++ for this processor, and loads the result."""

from __future__ import annotations

import ctypes
import hashlib
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from tests.cuda.emulated import ptx_to_cpp

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
BUILD = ROOT / "build/emulated"
SITE = np.dtype(
    [
        (n, np.int64)
        for n in "requests lanes sectors lines passes l1_hits l2_hits dram missed_l1 missed_l2".split()
    ]
)
TOTALS = np.dtype(
    [
        (n, np.int64)
        for n in (
            "l1_read_sectors l1_read_hits l2_reads l2_read_hits l2_writes dram_reads dram_writes "
            "shared_passes shared_requests global_passes local_requests param_requests blocks warps"
        ).split()
    ]
    + [("warp_time", np.float64), ("block_time", np.float64)]
)


def _run(command: list, folder: Path) -> str:
    done = subprocess.run([str(c) for c in command], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


class Emulator:
    """The kernels of one .cu file, with what launches them.

    ``sources`` are further C++ files of the host side, ``checks`` says whether races and uninitialised reads
    are looked for. Builds are kept in ``folder`` and made again when a file changes.
    """

    def __init__(
        self,
        cu: Path,
        folder: Path,
        architecture: int,
        sources=(),
        includes=(),
        checks=True,
        jobs=2,
        only="",
        optimise=("-O1", "-march=native"),
    ):
        nvcc = shutil.which("nvcc") or "/usr/local/cuda/bin/nvcc"
        folder = folder / f"{cu.stem}_{architecture}{'_checks' if checks else ''}"
        folder.mkdir(parents=True, exist_ok=True)
        cu, includes = Path(cu).resolve(), [Path(i).resolve() for i in includes]
        self.ptx = folder / f"{cu.stem}.ptx"
        # The name says what it was built from. The PTX differs each time: it has nvcc's process number.
        inputs = [cu, *map(Path, sources), *(HERE / n for n in ("machine.h", "cudart.cc", "ptx_to_cpp.py"))]
        inputs += sorted(p for i in includes for p in i.rglob("*") if p.suffix in (".h", ".cuh"))
        parts = [repr((optimise, only, nvcc)).encode(), *(p.read_bytes() for p in inputs)]
        library = folder / f"emulated_{hashlib.sha256(b''.join(parts)).hexdigest()[:12]}.so"
        includes = [f"-I{i}" for i in includes]
        built = library.exists()
        if not built:
            for old in folder.glob("emulated_*.so"):
                old.unlink()
            arch = [f"-gencode=arch=compute_{architecture},code=sm_{architecture}"]
            keep = ["--keep", "--keep-dir", folder, "-lineinfo", "-Xcompiler", "-fPIC"]
            _run(
                [nvcc, "-std=c++17", "-O3", *includes, *arch, *keep, "-c", cu, "-o", folder / "host.o"],
                folder,
            )
        self.module = ptx_to_cpp.Module(self.ptx.read_text())
        generated = self.module.write(folder, only)  # also when it is built: writing numbers the accesses
        if not built:
            options = ["-std=c++17", *optimise, "-ffp-contract=off", "-fPIC", "-w", f"-DCHECK={int(checks)}"]
            options += [f"-I{HERE}", *includes]
            files = [*generated, HERE / "cudart.cc", *map(Path, sources)]

            def compile_one(path: Path) -> Path:
                target = folder / (path.stem + ".emulated.o")
                _run(["g++", *options, "-c", path, "-o", target], folder)
                return target

            with ThreadPoolExecutor(jobs) as pool:
                objects = list(pool.map(compile_one, files))
            _run(["g++", "-shared", *objects, folder / "host.o", "-o", library], folder)
        self.folder = folder
        self.library = ctypes.CDLL(str(library))
        self.library.EmulatorTotals.restype = ctypes.c_void_p
        self.library.EmulatorSites.restype = ctypes.c_void_p
        self.library.EmulatorBlockRuns.restype = ctypes.c_void_p
        self.library.EmulatorBlockLanes.restype = ctypes.c_void_p
        self.library.EmulatorUnwritten.restype = ctypes.c_int64
        self.library.EmulatorFindings.restype = ctypes.c_int64
        self.sources = {
            i.line: i.source for f in self.module.functions.values() for b in f.blocks for i in b.code
        }
        self.configure()
        self.reset()

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
        self.library.EmulatorConfigure(
            processors,
            resident,
            *map(ctypes.c_int64, (l1, l2)),
            quantum,
            ctypes.c_int64(first),
            ctypes.c_int64(count),
            int(keep_l2),
            ctypes.c_float(load_latency),
            most_blocks,
        )

    def reset(self):
        self.library.EmulatorReset()

    def memory(self, *arrays, output=None):
        """Declare the arrays that kernels may touch: ``arrays`` are inputs as (name, array)."""
        self.library.EmulatorFree()
        for name, array in arrays:
            if array is not None and array.nbytes:
                self.library.EmulatorAllocate(
                    ctypes.c_void_p(array.ctypes.data), ctypes.c_int64(array.nbytes), 0, 0, name.encode()
                )
        if output is not None and output.nbytes:
            self.library.EmulatorAllocate(
                ctypes.c_void_p(output.ctypes.data), ctypes.c_int64(output.nbytes), 1, 1, b"output"
            )

    def findings(self) -> list[str]:
        text = ctypes.create_string_buffer(1 << 20)
        self.library.EmulatorFindings(text, ctypes.c_int64(len(text)))
        found = []
        for row in text.value.decode().splitlines():
            key, times, first = row.split("\t")
            kind, line = key.rsplit("@", 1)
            found.append(
                f"{kind}: PTX line {line} ({self.sources.get(int(line), '?')}), {times} times, first {first}"
            )
        unwritten = self.library.EmulatorUnwritten()
        if unwritten:
            found.append(f"output not written: {unwritten} bytes")
        return found

    def _array(self, pointer: int, count: int, dtype) -> np.ndarray:
        kind = np.dtype(dtype)
        data = (ctypes.c_char * (count * kind.itemsize)).from_address(pointer)
        return np.frombuffer(bytes(data), kind)

    def totals(self) -> np.void:
        return self._array(self.library.EmulatorTotals(), 1, TOTALS)[0]

    def sites(self) -> np.ndarray:
        return self._array(self.library.EmulatorSites(), len(self.module.sites), SITE)

    def runs(self) -> np.ndarray:
        return self._array(self.library.EmulatorBlockRuns(), self.module.block_count, np.int64)

    def lanes(self) -> np.ndarray:
        return self._array(self.library.EmulatorBlockLanes(), self.module.block_count, np.int64)
