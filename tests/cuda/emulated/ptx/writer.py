"""Writes a function as C++: a loop over basic blocks."""

from __future__ import annotations

from tests.cuda.emulated.ptx import lanes, memory
from tests.cuda.emulated.ptx.arithmetic import arithmetic
from tests.cuda.emulated.ptx.operands import C_TYPES, Operands, effects, plain
from tests.cuda.emulated.ptx.program import BasicBlock, Function, Instruction, Module, callee

_NO_ARITHMETIC = ("ld", "st", "atom", "red", "vote", "shfl", "call", "declare", "membar", "fence")


def cpp_name(function: Function) -> str:
    return f"{'Kernel' if function.entry else 'Function'}{function.id}"


def signature(function: Function) -> str:
    buffers = [f"uint8_t* P_{plain(v.name)}" for v in function.returns + function.params]
    return ", ".join(["Warp& w", "const uint32_t all", *buffers])


def write_function(module: Module, function: Function) -> str:
    return _Writer(module, function).write()


class _Writer:
    def __init__(self, module: Module, function: Function):
        self.module, self.function = module, function
        self.operands = Operands(module, function)
        variables = [] if function.entry else function.params + function.returns
        self.buffers = {v.name: (f"P_{plain(v.name)}", v.size) for v in variables}

    def write(self) -> str:
        function = self.function
        names = sorted(self.operands.state, key=lambda r: (len(r), r))
        fields = "".join(f"  {C_TYPES[function.registers[r]]} {plain(r)}[32];\n" for r in names)
        begin, end = self._entry() if function.entry else self._called()
        blocks = []
        for number, block in enumerate(function.blocks):
            blocks.append(
                f"      case {number}: {{\n"
                f"        ++g_block_runs[{block.id}]; g_block_lanes[{block.id}] += __builtin_popcount(m);"
                f" w.time += g_block_time[{block.id}] + g_block_loads[{block.id}] * g_load_latency;\n"
                f"{self._block(number, block)}        break;\n      }}\n"
            )
        return (
            f"struct alignas(64) State{function.id} {{\n{fields}  char none;\n}};\n{begin}"
            "  while (paths.depth > 0) {\n    const uint32_t m = paths.Top().mask;\n"
            + ("    if (--g_quantum_left < 0) return kYield;\n" if function.entry else "")
            + "    switch (paths.Top().pc) {\n"
            + "".join(blocks)
            + f"      default: abort();\n    }}\n  }}\n{end}}}\n\n"
        )

    def _entry(self) -> tuple[str, str]:
        state, size = f"State{self.function.id}", self._place_locals("0u")
        begin = (
            f"Status {cpp_name(self.function)}(Warp& w) {{  // {self.function.name}\n"
            f"  {state}& S = *reinterpret_cast<{state}*>"
            "((reinterpret_cast<uintptr_t>(w.state.data()) + 63) / 64 * 64);\n"
            "  Paths& paths = w.paths;\n"
        )
        if size:
            begin += f"  if (w.local_top == 0) w.Enter({size});\n"
        return begin, "  return kDone;\n"

    def _called(self) -> tuple[str, str]:
        size = self._place_locals("base")
        begin = (
            f"static void {cpp_name(self.function)}({signature(self.function)}) {{  // {self.function.name}\n"
            f"  State{self.function.id} S;\n  Paths paths;\n  paths.Start(all);\n"
            f"  const uint32_t top = w.local_top;\n  const uint32_t base = w.Enter({size});\n  (void)base;\n"
        )
        return begin, "  w.local_top = top;\n"

    def _place_locals(self, base: str) -> int:
        offset = 0
        for variable in self.function.locals:
            self.operands.local_at[variable.name] = f"({base} + {offset}u)"
            offset += -(-variable.size // 16) * 16
        return offset

    def _block(self, number: int, block: BasicBlock) -> str:
        runs = self._runs(block)
        self.operands.arrays = self._arrays(runs)
        body = [
            f"        alignas(64) {self.operands.type(r)} {plain(r)}[32];\n"
            for r in sorted(self.operands.arrays)
        ]
        for run in runs:
            body.append(
                self._lanes(run) if self._is_arithmetic(run[0]) else self._other(run[0], number, block)
            )
        if not runs or not runs[-1][-1].ends_block:
            last = number + 1 == len(self.function.blocks)
            body.append(f"        paths.{'Return()' if last else f'Go({number + 1})'};\n")
        return "".join(body)

    def _runs(self, block: BasicBlock) -> list[list[Instruction]]:
        """Split into runs of arithmetic and single other instructions."""
        runs: list[list[Instruction]] = []
        for instruction in block.code:
            if self._is_arithmetic(instruction) and runs and self._is_arithmetic(runs[-1][0]):
                runs[-1].append(instruction)
            else:
                runs.append([instruction])
        return runs

    def _arrays(self, runs: list[list[Instruction]]) -> set[str]:
        """Return the registers of this basic block alone that no single loop over lanes holds."""
        uses: dict[str, set[int]] = {}
        for number, run in enumerate(runs):
            for instruction in run:
                for register in set().union(*effects(self.function, instruction)):
                    uses.setdefault(register, set()).add(number)
                    if not self._is_arithmetic(instruction):
                        uses[register].add(-1)
        return {r for r, where in uses.items() if r not in self.operands.state and len(where) > 1}

    def _is_arithmetic(self, instruction: Instruction) -> bool:
        if instruction.op[:2] == ["ld", "param"] or (instruction.op[0] == "ld" and "param" in instruction.op):
            return self.function.entry and self._is_own_parameter(instruction)
        return (
            instruction.op[0] not in _NO_ARITHMETIC
            and instruction.op[0] != "bar"
            and not instruction.ends_block
        )

    def _is_own_parameter(self, instruction: Instruction) -> bool:
        name = instruction.operands[1].strip("[] ").partition("+")[0]
        return name not in self.buffers

    def _lanes(self, run: list[Instruction]) -> str:
        operands = self.operands
        lines, written = [], []
        for instruction in run:
            is_load = instruction.op[0] == "ld"
            for target, value in (memory.load_parameter if is_load else arithmetic)(instruction, operands):
                kind = operands.type(target)
                if instruction.guard:
                    value = f"({operands.guard(instruction)} ? {kind}({value}) : {operands.read(target)})"
                declared = "" if target in operands.scalars else f"{kind} "
                lines.append(f"          {declared}v_{plain(target)} = {kind}({value});\n")
                operands.scalars.add(target)
                if target not in written:
                    written.append(target)
        operands.scalars = set()
        for target in written:
            place = operands.place(target)
            if target in operands.state:
                lines.append(f"          {place} = (m >> l & 1) ? v_{plain(target)} : {place};\n")
            elif target in operands.arrays:
                lines.append(f"          {place} = v_{plain(target)};\n")
        return "        LANES {\n" + "".join(lines) + "        }\n"

    def _other(self, i: Instruction, number: int, block: BasicBlock) -> str:
        name = i.op[0]
        if name == "declare":
            return memory.declare(i, self.buffers)
        if name in ("ld", "st", "atom", "red"):
            return memory.access(i, self.operands, self.buffers)
        if name == "vote":
            return lanes.vote(i, self.operands)
        if name == "shfl":
            return lanes.shuffle(i, self.operands)
        if name in ("membar", "fence"):
            return ""  # one thread runs everything, in order
        if name == "call":
            return self._call(i)
        if i.op[:2] == ["bar", "warp"]:
            return lanes.warp_barrier(i, self.operands)
        if name in ("bar", "barrier"):
            if not self.function.entry:
                raise i.unsupported("a barrier in a function")
            return lanes.block_barrier(i, number + 1)
        if name in ("ret", "exit"):
            return "        paths.Return();\n"
        assert name == "bra"
        return self._branch(i, number, block)

    def _branch(self, i: Instruction, number: int, block: BasicBlock) -> str:
        if not i.guard:
            return f"        paths.Go({block.next[0]});\n"
        return (
            "        uint32_t taken = 0;\n"
            f"        LANES taken |= uint32_t(({self.operands.guard(i)}) != 0) << l;\n"
            f"        paths.Branch(taken, {block.next[0]}, {number + 1}, {block.rejoin});\n"
        )

    def _call(self, i: Instruction) -> str:
        if i.guard:
            raise i.unsupported()
        results, name, arguments = callee(i)
        buffers = [self.buffers[p][0] for p in results + arguments]
        return f"        {cpp_name(self.module.functions[name])}({', '.join(['w', 'm', *buffers])});\n"
