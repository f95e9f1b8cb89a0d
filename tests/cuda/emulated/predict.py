"""Counts what the compiled kernels do for the project's workloads, and estimates their time on a device.

    python -m tests.cuda.emulated.predict [--workloads W1,W4] [--types float32,float16] [--nvdisasm PATH]

With nvdisasm, instructions are those of the machine code: ptxas says which PTX line each comes from, and the
emulator how often that line ran. Without it they are those of PTX, which are about a third more.
The README says what the estimate is worth.
"""

from __future__ import annotations

import argparse
import collections
import ctypes
import re
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.workloads import WORKLOADS
from tests.cuda.emulated.check import Roiops, shifted
from tests.cuda.emulated.emulator import BUILD, Emulator


@dataclass
class Device:
    name: str = "H100"
    processors: int = 132
    hertz: float = 1.755e9
    l1: int = 256 << 10  # with shared memory
    l2: int = 50 << 20
    threads: int = 2048  # of a multiprocessor
    registers: int = 65536
    l2_bytes: float = 5.5e12  # per second
    memory_bytes: float = 3.35e12 * 0.92
    l1_latency: float = 35
    l2_latency: float = 270
    memory_latency: float = 600
    launch: float = 3e-6


H100 = Device()
H200 = Device("H200", memory_bytes=4.8e12 * 0.92)


# What a warp's instruction keeps busy in its quarter of a multiprocessor, in cycles.
def _pipe(op: str) -> tuple[str, float]:
    if re.match(r"D(ADD|MUL|FMA|SETP|MNMX)", op):
        return "fp64", 2
    if re.match(r"MUFU|F2F(?!P)|F2I|I2F(?!P)|FRND|POPC|FLO", op):
        return "xu", 8
    if re.match(r"FFMA|FADD|FMUL|HFMA2|HADD2|HMUL2", op):
        return "fma", 1
    if re.match(r"IMAD", op):
        return "fma", 2
    if re.match(r"(LD|ST|ATOM|RED|BAR|SHFL)(?!C)", op):
        return "memory", 0
    if re.match(r"U|S2U|R2UR|BRA|CALL|RET|EXIT|BSSY|BSYNC|NOP|WARPSYNC|LDC|S2R", op):
        return "other", 0
    return "alu", 2


class MachineCode:
    """The instructions of each kernel in machine code: a list of (PTX line, opcode)."""

    def __init__(self, ptx: Path, architecture: int, nvdisasm: str | None):
        cubin = ptx.with_suffix(".lines.cubin")
        ptxas = shutil.which("ptxas") or "/usr/local/cuda/bin/ptxas"
        done = subprocess.run(
            [ptxas, f"-arch=sm_{architecture}", "-lineinfo", "-v", ptx, "-o", cubin],
            capture_output=True,
            text=True,
            check=True,
        )
        self.resources = {}
        name = None
        for line in done.stderr.splitlines():
            if m := re.search(r"Compiling entry function '(\S+)'", line):
                name = m[1]
            elif m := re.search(r"Used (\d+) registers.*?(?:(\d+) bytes smem)?$", line):
                self.resources[name] = (
                    int(m[1]),
                    int(re.search(r"(\d+) bytes smem", line)[1]) if "smem" in line else 0,
                )
        self.code: dict[str, list[tuple[int, str]]] = collections.defaultdict(list)
        if nvdisasm is None:
            return
        text = subprocess.run(
            [nvdisasm, "-gp", "-c", cubin], capture_output=True, text=True, check=True
        ).stdout
        kernel, line, internal, slow = None, 0, False, False
        since = 0  # where the piece began that no branch leads into
        for row in text.split("\n"):
            if row.startswith(".text."):
                kernel, internal = row[6:].rstrip(":"), False
            elif row.startswith("$"):
                internal = "$__internal" in row  # slow paths of divisions
            elif m := re.search(r'nv_debug_ptx_txt", line (\d+)', row):
                line = int(m[1])
            elif row.startswith(".L"):
                slow, since = False, len(self.code[kernel])
            elif (
                m := re.match(r"\s+/\*[0-9a-f]+\*/\s+(?:@!?U?P\w+\s+)?([A-Z][\w.]*)", row)
            ) and not internal:
                if "$__internal" in row:  # what prepares the call and what follows does not run either
                    del self.code[kernel][since:]
                    slow = True
                if m[1] != "NOP" and not slow:
                    self.code[kernel].append((line, m[1]))
                if m[1] == "BRA":
                    slow, since = False, len(self.code[kernel])


def block_times(emulator: Emulator, code: list[tuple[int, str]]) -> tuple[np.ndarray, np.ndarray]:
    """Return, per basic block, the cycles of a lone warp without loads, and the rounds of loads."""
    per_line = collections.Counter(line for line, _ in code)
    time_of, rounds = (
        np.zeros(emulator.module.block_count, np.float32),
        np.zeros(emulator.module.block_count, np.float32),
    )
    for function in emulator.module.functions.values():
        for block in function.blocks:
            fast, slow = (_lone_warp(block, per_line, latency, bool(code)) for latency in (0.0, 1000.0))
            time_of[block.id], rounds[block.id] = fast, (slow - fast) / 1000
    return time_of, rounds


def _lone_warp(block, per_line, load_latency: float, known: bool) -> float:
    now, last = 0.0, 0.0
    ready: dict[str, float] = {}
    for i in block.code:
        op = i.op
        if op[0] == "declare":
            continue
        count = per_line[i.line] if known else 1
        registers = [r for o in i.operands for r in re.findall(r"%[a-zA-Z_]\w*", o)] + (
            [i.guard] if i.guard else []
        )
        stores = op[0] in ("st", "bra", "bar", "ret", "call")
        written = [] if stores else re.findall(r"%[a-zA-Z_]\w*", i.operands[0])
        read = [r for r in registers if r not in written]
        begin = max([now] + [ready.get(r, 0) for r in read])
        now = begin + min(count, 40)
        kind = op[-1]
        if op[0] == "ld":
            space = next((s for s in ("global", "shared", "local", "param") if s in op), "generic")
            latency = {"global": load_latency, "shared": 30, "local": 33, "param": 4, "generic": 32}[space]
        elif op[0] in ("div", "rem"):
            latency = {"f32": 50, "f64": 120, "s64": 110, "u64": 110}.get(kind, 70)
        elif op[0] == "cvt" and "64" in op[-1] + op[-2] and "f" in op[-1] + op[-2]:
            latency = 20
        elif op[0] == "bra":
            latency, now = 0, now + 8
        elif op[0] in ("call", "ret"):
            latency, now = 0, now + 12
        elif op[0] == "bar":
            latency, now = 0, now + 20
        elif kind == "f64":
            latency = 8
        else:
            latency = 4.5 + 2 * max(0, min(count, 10) - 1) if count else 0
        for r in written:
            ready[r] = begin + latency
            last = max(last, ready[r])
    return max(now, last)


def block_copies(emulator: Emulator, code: list[tuple[int, str]]) -> dict[int, float]:
    """Return how often ptxas has each basic block: of a loop it unrolls, each copy runs less often."""
    accesses = collections.Counter(
        line for line, op in code if re.match(r"(LDG|STG|LDS|STS|LD|ST)(\.|$)", op)
    )
    copies: dict[int, float] = {}
    for f in emulator.module.functions.values():
        for b in f.blocks:
            seen = [
                accesses[i.line]
                for i in b.code
                if i.op[0] in ("ld", "st") and not {"param", "local"} & set(i.op) and accesses[i.line]
            ]
            if seen:
                copies[b.id] = max(1.0, float(np.median(seen)))
    return copies


def instructions(emulator: Emulator, code: list[tuple[int, str]]) -> collections.Counter:
    """Return warp instructions that ran: by opcode of the machine code if it is known, else of PTX."""
    runs = emulator.runs()
    counts: collections.Counter = collections.Counter()
    if not code:
        for f in emulator.module.functions.values():
            for b in f.blocks:
                for i in b.code:
                    if i.op[0] != "declare":
                        counts[i.name] += int(runs[b.id])
        return counts
    block_of = {i.line: b.id for f in emulator.module.functions.values() for b in f.blocks for i in b.code}
    copies = block_copies(emulator, code)
    for line, op in code:
        if line in block_of:
            counts[op] += runs[block_of[line]] / copies.get(block_of[line], 1.0)
    return counts


@dataclass
class Result:
    instructions: float
    outputs: int
    pipes: dict[str, float]
    bounds: dict[str, float]  # seconds
    latency_bound: float
    seconds: float
    totals: np.void
    resident: int
    load_latency: float
    coalescing: float
    wall: float

    @property
    def bound(self) -> str:
        return max(self.bounds, key=self.bounds.get)


def measure(
    emulator: Emulator,
    machine: MachineCode,
    kernel: str,
    threads: int,
    launch,
    outputs: int,
    device: Device = H100,
    resident: int = 0,
    shared: int = -1,
    warm: bool = True,
    latency: float = 400.0,
) -> Result:
    """Run ``launch`` on the emulated device and estimate the time of ``kernel``, which it launches."""
    begin = time.time()
    registers, memory = machine.resources[kernel]
    shared = memory if shared < 0 else shared
    if not resident:
        resident = min(device.threads // threads, device.registers // (-(-registers // 8) * 8 * threads))
        if shared:
            resident = min(resident, (227 << 10) // (shared + 1024))
    l1 = device.l1 - (-(-(shared + 1024) * resident // (16 << 10)) * (16 << 10) if shared else 8 << 10)
    code = machine.code.get(kernel, [])
    times, rounds = block_times(emulator, code)
    pointer = lambda a: a.ctypes.data_as(ctypes.c_void_p)  # noqa: E731
    emulator.library.EmulatorTimes(pointer(times), pointer(rounds))
    for again in range(2 if warm else 1):
        emulator.configure(
            device.processors, resident, l1, device.l2, keep_l2=bool(again), load_latency=latency
        )
        emulator.reset()
        launch()
        sites = emulator.sites()
        loads = np.array(["ld" in s.op and ("global" in s.op) for s in emulator.module.sites])
        total = max(1, int(sites["requests"][loads].sum()))
        from_l2, from_memory = int(sites["missed_l1"][loads].sum()), int(sites["missed_l2"][loads].sum())
        latency = (
            device.l1_latency * (total - from_l2)
            + device.l2_latency * (from_l2 - from_memory)
            + device.memory_latency * from_memory
        ) / total
    totals = emulator.totals()
    counts = instructions(emulator, code)
    number = sum(counts.values())
    pipes: collections.Counter = collections.Counter()
    for op, n in counts.items():
        pipe, cycles = _pipe(op) if code else ("alu", 1)
        pipes[pipe] += n * cycles / 4 / device.processors
    cycle = 1 / device.hertz
    bounds = {"issue": number / 4 / device.processors * cycle}
    for pipe in ("alu", "fma", "fp64", "xu"):
        bounds[pipe] = pipes[pipe] * cycle
    passes = (
        totals["shared_passes"]
        + totals["global_passes"]
        + totals["local_requests"]
        + totals["param_requests"]
    )
    bounds["l1/lsu"] = passes / device.processors * cycle
    bounds["l2"] = 32 * (totals["l2_reads"] + totals["l2_writes"]) / device.l2_bytes
    bounds["memory"] = 32 * (totals["dram_reads"] + totals["dram_writes"]) / device.memory_bytes
    blocks = int(totals["blocks"])
    warps = threads // 32
    think = float(totals["block_time"]) / blocks * cycle
    core = max(bounds[k] for k in ("issue", "alu", "fma", "fp64", "xu"))
    demands = [
        d / (blocks * warps) * device.processors
        for d in (core, bounds["l1/lsu"], bounds["l2"], bounds["memory"])
    ]
    own = sum(demands)
    most = -(-blocks // device.processors)
    seconds = device.launch
    full, rest = divmod(most, resident)
    seconds += full * resident * warps / _throughput(demands, max(think - own, 0), resident * warps)
    if rest:
        seconds += rest * warps / _throughput(demands, max(think - own, 0), rest * warps)
    sectors, requests = int(sites["sectors"].sum()), int(sites["requests"][loads].sum())
    return Result(
        instructions=number,
        outputs=outputs,
        pipes=dict(pipes),
        bounds=bounds,
        latency_bound=think * blocks / device.processors / resident,
        seconds=seconds,
        totals=totals,
        resident=resident,
        load_latency=latency,
        coalescing=sectors / max(1, requests),
        wall=time.time() - begin,
    )


def _throughput(demands: list[float], think: float, customers: int) -> float:
    """Warps per second of a multiprocessor, by mean value analysis of a closed network of queues."""
    queues = [0.0] * len(demands)
    rate = 0.0
    for n in range(1, customers + 1):
        responses = [d * (1 + q) for d, q in zip(demands, queues)]
        rate = n / (think + sum(responses))
        queues = [rate * r for r in responses]
    return rate


def fast_roiops(build: Path, architecture: int) -> Roiops:
    """The kernels of float32 and float16, without the checks."""
    optimise = ("-O2", "-ftree-vectorize", "-march=native")
    return Roiops(build.resolve(), architecture, checks=False, only="RuleEfE|4Half", optimise=optimise)


HEADER = (
    "| Workload | Type | Kernel | Instructions of a thread per output | MB L1 reads (hits) "
    "| MB through L2 (read hits) "
    "| MB of memory | µs issue | µs pipe | µs L1 | µs L2 | µs memory | µs latency | µs estimate |\n"
    + "|---" * 14
    + "|"
)


def row(workload: str, kind: str, kernel: str, r: Result) -> str:
    t = r.totals
    mb = lambda n: f"{32 * int(n) / 1e6:.0f}"  # noqa: E731
    us = lambda s: f"{1e6 * s:.0f}"  # noqa: E731
    pipe = max(("alu", "fma", "fp64", "xu"), key=lambda k: r.bounds[k])
    l1_hits = t["l1_read_hits"] / max(1, t["l1_read_sectors"])
    l2_hits = t["l2_read_hits"] / max(1, t["l2_reads"])
    return (
        f"| {workload} | {kind} | {kernel} | {32 * r.instructions / r.outputs:.0f}"
        f" | {mb(t['l1_read_sectors'])} ({l1_hits:.0%})"
        f" | {mb(t['l2_reads'] + t['l2_writes'])} ({l2_hits:.0%}) | {mb(t['dram_reads'] + t['dram_writes'])}"
        f" | {us(r.bounds['issue'])} | {us(r.bounds[pipe])} {pipe}"
        f" | {us(r.bounds['l1/lsu'])} | {us(r.bounds['l2'])}"
        f" | {us(r.bounds['memory'])} | {us(r.latency_bound)} | **{us(r.seconds)}** |"
    )


def roiops_launch(op: Roiops, workload, kind: str):
    arrays = workload.arrays(np.dtype(kind))
    x, boxes = shifted(arrays["X"], 0), shifted(arrays["boxes"], 0)
    batch = shifted(arrays["batch"].astype(np.int64), 0)
    how = ((workload.output,) * 2, [workload.spatial_scale], workload.sampling_ratio, workload.aligned)
    return lambda: op(kind, [x], boxes, batch, *how, "avg", "batch_indices"), (x, boxes, batch)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--workloads", default="W1,W2,W3,W4,W6")
    parser.add_argument("--types", default="float32,float16")
    parser.add_argument("--nvdisasm", default=shutil.which("nvdisasm"))
    parser.add_argument("--architecture", type=int, default=90)
    parser.add_argument("--build", type=Path, default=BUILD)
    options = parser.parse_args()
    op = fast_roiops(options.build, options.architecture)
    machine = MachineCode(op.emulator.ptx, options.architecture, options.nvdisasm)
    print(HEADER, flush=True)
    for name in options.workloads.split(","):
        for kind in options.types.split(","):
            word = {"float32": "RuleEfE", "float16": "4Half"}[kind]
            kernel = next(k for k in machine.resources if word in k and "PoolBoxes" in k)
            launch, _ = roiops_launch(op, WORKLOADS[name], kind)
            result = measure(
                op.emulator, machine, kernel, 256, launch, int(np.prod(WORKLOADS[name].output_shape))
            )
            print(row(name, kind, "roiops", result), flush=True)


if __name__ == "__main__":
    main()
