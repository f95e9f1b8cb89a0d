"""The programs of the CUDA toolkit: of an installed one, or of the packages nvidia-cuda-..."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path


def find_program(name: str) -> str | None:
    """Return the path of nvcc, ptxas, nvdisasm or another; None if there is none."""
    packaged = [str(p) for folder in sys.path for p in Path(folder or ".").glob(f"nvidia/*/bin/{name}")]
    installed = Path("/usr/local/cuda/bin") / name
    return shutil.which(name) or next(iter(packaged), str(installed) if installed.exists() else None)


def run(command: list, folder: Path) -> str:
    """Run a program; return what it prints to either stream. Raises SystemExit with that if it fails."""
    done = subprocess.run([str(c) for c in command], cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def compile_to_ptx(cu: Path, includes: list[Path], architecture: int, folder: Path) -> Path:
    """Compile a .cu file; return its PTX. ``host.o`` in the folder gets the host's half."""
    nvcc = find_program("nvcc")
    if nvcc is None:
        raise SystemExit("needs nvcc: of the CUDA toolkit, or of the package nvidia-cuda-nvcc")
    options = ["-std=c++17", "-O3", *(f"-I{i}" for i in includes), "-lineinfo", "-Xcompiler", "-fPIC"]
    architecture_option = f"-gencode=arch=compute_{architecture},code=compute_{architecture}"
    keep = ["--keep", "--keep-dir", folder]
    run([nvcc, *options, architecture_option, *keep, "-c", cu, "-o", folder / "host.o"], folder)
    return folder / f"{cu.stem}.ptx"
