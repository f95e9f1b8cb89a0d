"""Writes a module as C++ files: one for each kernel, and one of tables."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cuda.emulated.ptx.program import Function, Module
from tests.cuda.emulated.ptx.writer import cpp_name, signature, write_function


def write_files(module: Module, folder: Path, only: str = "") -> list[Path]:
    """Write the kernels whose names match ``only`` and the tables; return the paths."""
    kernels = [f for f in module.functions.values() if f.entry and re.search(only, f.name)]
    paths = []
    for kernel in kernels:
        functions = module.reachable(kernel)
        parts = ['#include "machine/warp.h"\n']
        parts += [f"static void {cpp_name(f)}({signature(f)});\n" for f in functions if not f.entry]
        parts += [write_function(module, f) for f in functions]
        parts.append(f"extern const size_t kState{kernel.id} = sizeof(State{kernel.id});\n")
        paths.append(folder / f"kernel{kernel.id}.cpp")
        paths[-1].write_text("".join(parts))
    paths.append(folder / "tables.cpp")
    paths[-1].write_text(_tables(module, kernels))
    return paths


def _tables(module: Module, kernels: list[Function]) -> str:
    lines = ", ".join(str(s.line) for s in module.sites) or "0"
    parts = [
        '#include "machine/entry_points.h"\n',
        f"Site g_sites[{len(module.sites) + 1}];\nconst int g_site_count = {len(module.sites)};\n",
        f"extern const int g_site_lines[] = {{{lines}}};\n",
        f"int64_t g_block_runs[{module.block_count}], g_block_lanes[{module.block_count}];\n",
        f"float g_block_time[{module.block_count}], g_block_loads[{module.block_count}];\n",
        f"const int g_block_count = {module.block_count};\n",
    ]
    rows = []
    for kernel in kernels:
        offsets = kernel.param_offsets()
        numbers = ", ".join(f"{offsets[v.name]}, {v.size}" for v in kernel.params) or "0"
        parts.append(f"static const int kParams{kernel.id}[] = {{{numbers}}};\n")
        parts.append(f"Status {cpp_name(kernel)}(Warp&);\nextern const size_t kState{kernel.id};\n")
        rows.append(
            f'  {{"{kernel.name}", {cpp_name(kernel)}, &kState{kernel.id}, {module.shared_end[kernel.name]},'
            f" {len(kernel.params)}, kParams{kernel.id}}},\n"
        )
    parts.append("extern const Kernel g_kernels[] = {\n" + "".join(rows) + "};\n")
    parts.append(f"const int g_kernel_count = {len(kernels)};\n")
    return "".join(parts)
