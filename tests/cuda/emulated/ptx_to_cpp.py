"""Translates PTX, as nvcc writes it, to C++ that runs a warp at a time (machine.h is the machine it runs on).

Every function becomes a C++ function over basic blocks. Within a block, runs of arithmetic become a loop over
the 32 lanes, and accesses to memory calls that check and count. Lanes that branch differently are kept in a
stack of masks and meet again at the branch's immediate post-dominator.

What is not understood is an error, never a guess.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

C_TYPES = {
    "pred": "uint32_t",
    "16": "uint16_t",
    "32": "uint32_t",
    "64": "uint64_t",
    "f32": "float",
    "f64": "double",
}
SIZES = {"8": 1, "16": 2, "32": 4, "64": 8}
SPECIAL = {
    "%tid.x": "uint32_t(w.first_thread + l)",
    "%tid.y": "0u",
    "%tid.z": "0u",
    "%ntid.x": "uint32_t(w.threads)",
    "%ntid.y": "1u",
    "%ntid.z": "1u",
    "%ctaid.x": "uint32_t(w.block->index)",
    "%ctaid.y": "0u",
    "%ctaid.z": "0u",
    "%nctaid.x": "uint32_t(w.grid)",
    "%nctaid.y": "1u",
    "%nctaid.z": "1u",
    "%laneid": "uint32_t(l)",
}


class Unsupported(Exception):
    pass


@dataclass
class Instruction:
    line: int
    op: list[str]
    operands: list[str]
    guard: str | None = None
    negated: bool = False
    source: str = ""

    @property
    def name(self) -> str:
        return ".".join(self.op)


@dataclass
class Variable:
    name: str
    size: int
    align: int


@dataclass
class BasicBlock:
    labels: list[str] = field(default_factory=list)
    code: list[Instruction] = field(default_factory=list)
    next: list[int] = field(default_factory=list)
    rejoin: int = -1
    id: int = 0


@dataclass
class Function:
    name: str
    entry: bool
    returns: list[Variable]
    params: list[Variable]
    registers: dict[str, str] = field(default_factory=dict)  # to a key of C_TYPES
    locals: list[Variable] = field(default_factory=list)
    blocks: list[BasicBlock] = field(default_factory=list)
    id: int = 0


class Module:
    def __init__(self, text: str):
        self.functions: dict[str, Function] = {}
        self.shared: dict[str, Variable] = {}
        self.files: dict[int, str] = {}
        self._parse(text)
        for function in self.functions.values():
            for block in function.blocks:
                for instruction in block.code:
                    number, _, line = instruction.source.partition(":")
                    if number:
                        instruction.source = f"{Path(self.files.get(int(number), '?')).name}:{line}"
        self.block_count = 0
        for number, function in enumerate(self.functions.values()):
            function.id = number
            _link(function)
            for block in function.blocks:
                block.id = self.block_count
                self.block_count += 1
        self.sites: list[Instruction] = []
        self._place_shared()

    # -- reading ---------------------------------------------------------------------------------------------

    def _parse(self, text: str) -> None:
        statement, first = "", 0
        body: Function | None = None
        header = ""
        depth = 0
        source = ""
        for number, line in enumerate(text.split("\n"), 1):
            line = re.sub(r"//.*", "", line).strip()
            if not line:
                continue
            if body is None:
                if re.match(r"\.(version|target|address_size)\b", line):
                    continue
                if m := re.match(r'\.file\s+(\d+)\s+"([^"]*)"', line):
                    self.files[int(m[1])] = m[2]
                    continue
                if line.startswith((".section", ".b8", ".b32", ".b64", "}", "{", "$L__info")) and not header:
                    if line.startswith(("{", ".b", "}")):
                        continue
                    continue
                header += " " + line
                if header.strip().startswith((".shared", ".extern .shared")) and header.endswith(";"):
                    self._declare_shared(header)
                    header = ""
                elif line == "{" or line.endswith("{"):
                    body = self._header(header)
                    header, depth = "", 1
                elif header.endswith(";"):
                    if ".global" in header or ".const" in header:
                        raise Unsupported(header)
                    header = ""  # a declaration
                continue
            while line:
                if not statement:
                    first = number
                    if line[0] == "{":
                        depth += 1
                        line = line[1:].strip()
                        continue
                    if line[0] == "}":
                        depth -= 1
                        line = line[1:].strip()
                        if depth == 0:
                            self.functions[body.name] = body
                            body = None
                            break
                        continue
                    if m := re.match(r"([$\w]+):\s*", line):
                        if body.blocks[-1].code:
                            body.blocks.append(BasicBlock())
                        body.blocks[-1].labels.append(m[1])
                        line = line[m.end() :]
                        continue
                    if m := re.match(r"\.loc\s+(\d+)\s+(\d+)", line):
                        source = f"{m[1]}:{m[2]}"  # the files' names follow at the end
                        break
                    if line.startswith((".maxntid", ".minnctapersm", ".pragma")):
                        break
                end = line.find(";")
                if end < 0:
                    statement += " " + line
                    break
                statement += " " + line[:end]
                line = line[end + 1 :].strip()
                self._statement(body, statement.strip(), first, source)
                statement = ""

    def _declare_shared(self, header: str) -> None:
        m = re.search(r"\.shared\s+(?:\.align\s+(\d+)\s+)?\.b(\d+)\s+([$\w]+)(?:\[(\d*)\])?", header)
        size = SIZES[m[2]] * int(m[4] or 1)
        self.shared[m[3]] = Variable(m[3], size, int(m[1] or SIZES[m[2]]))

    def _header(self, header: str) -> Function:
        entry = ".entry" in header
        m = re.search(r"\.(?:entry|func)\s*(\([^)]*\))?\s*([$\w]+)\s*(\([^)]*\))?", header)
        function = Function(m[2], entry, _variables(m[1] or ""), _variables(m[3] or ""))
        function.blocks.append(BasicBlock())
        return function

    def _statement(self, function: Function, statement: str, line: int, source: str) -> None:
        if m := re.match(r"\.reg\s+\.([a-z]+)(\d*)\s+(.*)", statement):
            kind = "pred" if m[1] == "pred" else ("f" + m[2] if m[1] == "f" else m[2])
            for name in m[3].split(","):
                name = name.strip()
                if ranged := re.match(r"(%\w+)<(\d+)>", name):
                    for i in range(int(ranged[2])):
                        function.registers[f"{ranged[1]}{i}"] = kind
                else:
                    function.registers[name] = kind
            return
        if statement.startswith(".local"):
            function.locals += _variables(statement, ".local")
            return
        if statement.startswith(".shared"):
            self._declare_shared(statement)
            return
        if statement.startswith(".param"):
            for variable in _variables(statement):
                instruction = Instruction(line, ["declare"], [variable.name, str(variable.size)])
                function.blocks[-1].code.append(instruction)
            return
        m = re.match(r"(?:@(!?)(%\w+)\s+)?([a-z][\w.:]*)\s*(.*)", statement, re.DOTALL)
        if not m:
            raise Unsupported(f"line {line}: {statement}")
        op = m[3].split(".")
        instruction = Instruction(line, op, _operands(m[4]), m[2], m[1] == "!", source)
        function.blocks[-1].code.append(instruction)
        if op[0] in ("bra", "bar", "barrier", "ret", "exit"):
            function.blocks.append(BasicBlock())

    # -- shared memory ---------------------------------------------------------------------------------------

    def reachable(self, function: Function) -> list[Function]:
        found, todo = {}, [function]
        while todo:
            one = todo.pop()
            if one.name in found:
                continue
            found[one.name] = one
            for block in one.blocks:
                for instruction in block.code:
                    if instruction.op[0] == "call":
                        todo.append(self.functions[_callee(instruction)[1]])
        return list(found.values())

    def _place_shared(self) -> None:
        users = {}
        for kernel in (f for f in self.functions.values() if f.entry):
            words = set()
            for function in self.reachable(kernel):
                for block in function.blocks:
                    for instruction in block.code:
                        for operand in instruction.operands:
                            words.update(re.findall(r"[$\w]+", operand))
            users[kernel.name] = [s for s in self.shared if s in words]
        self.shared_at: dict[str, int] = {}
        self.shared_end = {}
        for kernel, symbols in users.items():
            end = 1024
            for symbol in symbols:
                variable = self.shared[symbol]
                if symbol not in self.shared_at:
                    self.shared_at[symbol] = -(-end // variable.align) * variable.align
                end = max(end, self.shared_at[symbol] + variable.size)
            self.shared_end[kernel] = end

    # -- writing ---------------------------------------------------------------------------------------------

    def write(self, folder: Path, only: str = "") -> list[Path]:
        """Write C++ of the kernels whose names match ``only`` and of tables; return the paths."""
        kernels = [f for f in self.functions.values() if f.entry and re.search(only, f.name)]
        paths = []
        for kernel in kernels:
            functions = self.reachable(kernel)
            parts = ['#include "machine.h"\n']
            parts += [f"static void {_cpp_name(f)}({_signature(f)});\n" for f in functions if not f.entry]
            parts += [_Writer(self, f).write() for f in functions]
            parts.append(f"extern const size_t kState{kernel.id} = sizeof(State{kernel.id});\n")
            paths.append(folder / f"kernel{kernel.id}.cpp")
            paths[-1].write_text("".join(parts))
        lines = ", ".join(str(s.line) for s in self.sites) or "0"
        parts = [
            '#define EMULATOR_MAIN\n#include "machine.h"\n',
            f"Site g_sites[{len(self.sites) + 1}];\nconst int g_site_count = {len(self.sites)};\n",
            f"extern const int g_site_lines[] = {{{lines}}};\n",
            f"int64_t g_block_runs[{self.block_count}], g_block_lanes[{self.block_count}];\n",
            f"float g_block_time[{self.block_count}], g_block_loads[{self.block_count}];\n",
            f"const int g_block_count = {self.block_count};\n",
        ]
        rows = []
        for kernel in kernels:
            offset, numbers = 0, []
            for param in kernel.params:
                offset = -(-offset // param.align) * param.align
                numbers += [offset, param.size]
                offset += param.size
            parts.append(
                f"static const int kParams{kernel.id}[] = {{{', '.join(map(str, numbers)) or 0}}};\n"
            )
            parts.append(f"Status {_cpp_name(kernel)}(Warp&);\nextern const size_t kState{kernel.id};\n")
            rows.append(
                f'  {{"{kernel.name}", {_cpp_name(kernel)}, &kState{kernel.id},'
                f" {self.shared_end[kernel.name]},"
                f" {len(kernel.params)}, kParams{kernel.id}}},\n"
            )
        parts.append("extern const Kernel g_kernels[] = {\n" + "".join(rows) + "};\n")
        parts.append(f"const int g_kernel_count = {len(kernels)};\n")
        paths.append(folder / "tables.cpp")
        paths[-1].write_text("".join(parts))
        return paths


def _variables(text: str, word: str = ".param") -> list[Variable]:
    found = []
    for m in re.finditer(
        re.escape(word)
        + r"\s+(?:\.align\s+(\d+)\s+)?\.[a-z](\d+)\s+(?:\.ptr[\w.\s]*?\s)?([$\w]+)(?:\[(\d+)\])?",
        text,
    ):
        size = SIZES[m[2]]
        found.append(Variable(m[3], size * int(m[4] or 1), int(m[1] or size)))
    return found


def _operands(text: str) -> list[str]:
    found, depth, word = [], 0, ""
    for c in text:
        if c in "{[(":
            depth += 1
        elif c in "}])":
            depth -= 1
        if c == "," and depth == 0:
            found.append(word.strip())
            word = ""
        else:
            word += c
    if word.strip():
        found.append(word.strip())
    return found


def _callee(instruction: Instruction) -> tuple[list[str], str, list[str]]:
    operands = instruction.operands
    results = []
    if operands[0].startswith("("):
        results = [w.strip() for w in operands[0][1:-1].split(",")]
        operands = operands[1:]
    arguments = [w.strip() for w in operands[1][1:-1].split(",")] if len(operands) > 1 else []
    return results, operands[0], [a for a in arguments if a]


def _link(function: Function) -> None:
    """Join blocks to a graph, and find where branches rejoin: immediate post-dominators."""
    if not function.blocks[-1].code and not function.blocks[-1].labels:
        function.blocks.pop()
    blocks = function.blocks
    at = {label: i for i, block in enumerate(blocks) for label in block.labels}
    for i, block in enumerate(blocks):
        last = block.code[-1] if block.code else None
        if last and last.op[0] in ("ret", "exit"):
            block.next = []
            if last.guard:
                raise Unsupported(f"line {last.line}: a guarded return")
        elif last and last.op[0] == "bra":
            target = at[last.operands[0]]
            block.next = [target] if not last.guard else [target, i + 1]
        else:
            block.next = [i + 1] if i + 1 < len(blocks) else []
    end = len(blocks)
    after = [set(b.next) or {end} for b in blocks]
    everything = set(range(end + 1))
    dominators = [everything] * end + [{end}]
    changed = True
    while changed:
        changed = False
        for i in reversed(range(end)):
            new = set.intersection(*(dominators[n] for n in after[i])) | {i}
            if new != dominators[i]:
                dominators[i] = new
                changed = True
    for i, block in enumerate(blocks):
        own = dominators[i] - {i}
        nearest = [d for d in own if len(dominators[d]) == len(own)]
        block.rejoin = nearest[0] if nearest and nearest[0] != end else -1


def _cpp_name(function: Function) -> str:
    return f"{'Kernel' if function.entry else 'Function'}{function.id}"


def _signature(function: Function) -> str:
    buffers = [f"uint8_t* P_{_plain(v.name)}" for v in function.returns + function.params]
    return ", ".join(["Warp& w", "const uint32_t all", *buffers])


def _plain(name: str) -> str:
    return re.sub(r"\W", "_", name)


_REGISTER = re.compile(r"%[a-zA-Z_]\w*(?:\.[xyz])?")


class _Writer:
    """Writes one function."""

    def __init__(self, module: Module, function: Function):
        self.module, self.function = module, function
        self.param_sizes = {v.name: v.size for v in function.params + function.returns}
        self.buffers: dict[str, tuple[str, int]] = {}  # of calls: C++ name and bytes of a lane
        self.param_offsets, offset = {}, 0
        for v in function.params:
            offset = -(-offset // v.align) * v.align
            self.param_offsets[v.name] = offset
            offset += v.size
        self._find_state()

    # Registers whose values are needed in more than one block are the function's state.
    def _find_state(self) -> None:
        self.state: set[str] = set()
        where: dict[str, int] = {}
        for number, block in enumerate(self.function.blocks):
            defined: set[str] = set()
            for instruction in block.code:
                writes, reads = self._effects(instruction)
                if instruction.guard:
                    reads = reads | writes if not self._is_control(instruction) else reads
                for register in reads:
                    if register not in defined:
                        self.state.add(register)
                for register in reads | writes:
                    if where.setdefault(register, number) != number:
                        self.state.add(register)
                defined |= writes

    @staticmethod
    def _is_control(instruction: Instruction) -> bool:
        return instruction.op[0] in ("bra", "bar", "barrier", "ret", "exit")

    def _effects(self, instruction: Instruction) -> tuple[set[str], set[str]]:
        registers = self.function.registers
        op = instruction.op[0]
        operands = instruction.operands
        if op in ("st", "bra", "bar", "barrier", "ret", "exit", "call", "declare"):
            written, rest = [], operands
        else:
            written, rest = operands[:1], operands[1:]
        writes = {r for o in written for r in _REGISTER.findall(o) if r in registers}
        reads = {r for o in rest for r in _REGISTER.findall(o) if r in registers}
        if instruction.guard:
            reads.add(instruction.guard)
        return writes, reads

    def write(self) -> str:
        function = self.function
        out = []
        names = sorted(self.state, key=lambda r: (len(r), r))
        fields = "".join(f"  {C_TYPES[function.registers[r]]} {_plain(r)}[32];\n" for r in names)
        out.append(f"struct alignas(64) State{function.id} {{\n{fields}  char none;\n}};\n")
        if function.entry:
            out.append(f"Status {_cpp_name(function)}(Warp& w) {{  // {function.name}\n")
            out.append(
                f"  State{function.id}& S = *reinterpret_cast<State{function.id}*>"
                "((reinterpret_cast<uintptr_t>(w.state.data()) + 63) / 64 * 64);\n"
            )
            out.append("  Paths& paths = w.paths;\n")
            base = "0u"
            if function.locals:
                size = sum(-(-v.size // 16) * 16 for v in function.locals)
                out.append(f"  if (w.local_top == 0) w.Enter({size});\n")
        else:
            out.append(f"static void {_cpp_name(function)}({_signature(function)}) {{  // {function.name}\n")
            out.append(f"  State{function.id} S;\n  Paths paths;\n  paths.Start(all);\n")
            size = sum(-(-v.size // 16) * 16 for v in function.locals)
            out.append(
                "  const uint32_t top = w.local_top;\n"
                f"  const uint32_t base = w.Enter({size});\n  (void)base;\n"
            )
            base = "base"
        self.local_at, offset = {}, 0
        for v in function.locals:
            self.local_at[v.name] = f"({base} + {offset}u)"
            offset += -(-v.size // 16) * 16
        out.append("  while (paths.depth > 0) {\n    const uint32_t m = paths.Top().mask;\n")
        if function.entry:
            out.append("    if (--g_quantum_left < 0) return kYield;\n")
        out.append("    switch (paths.Top().pc) {\n")
        for number, block in enumerate(function.blocks):
            out.append(f"      case {number}: {{\n")
            out.append(
                f"        ++g_block_runs[{block.id}]; g_block_lanes[{block.id}] += __builtin_popcount(m);"
                f" w.time += g_block_time[{block.id}] + g_block_loads[{block.id}] * g_load_latency;\n"
            )
            out.append(self._block(number, block))
            out.append("        break;\n      }\n")
        out.append("      default: abort();\n    }\n  }\n")
        if function.entry:
            out.append("  return kDone;\n")
        else:
            out.append("  w.local_top = top;\n")
        out.append("}\n\n")
        return "".join(out)

    # -- a basic block ---------------------------------------------------------------------------------------

    def _block(self, number: int, block: BasicBlock) -> str:
        # Split into runs of arithmetic and single other instructions.
        runs: list[list[Instruction]] = []
        for instruction in block.code:
            if self._is_arithmetic(instruction):
                if not runs or not self._is_arithmetic(runs[-1][0]):
                    runs.append([])
                runs[-1].append(instruction)
            else:
                runs.append([instruction])
        uses: dict[str, set[int]] = {}
        for i, run in enumerate(runs):
            for instruction in run:
                writes, reads = self._effects(instruction)
                for register in writes | reads:
                    uses.setdefault(register, set()).add(i)
                    if not self._is_arithmetic(instruction):
                        uses[register].add(-1)
        body = []
        arrays = [r for r, where in uses.items() if r not in self.state and (len(where) > 1)]
        for register in sorted(arrays):
            body.append(f"        alignas(64) {self._type(register)} {_plain(register)}[32];\n")
        self.arrays = set(arrays)
        closed = False
        for run in runs:
            if self._is_arithmetic(run[0]):
                body.append(self._arithmetic(run))
            else:
                body.append(self._other(run[0], number, block))
                closed = closed or self._is_control(run[0])
        if not closed:
            body.append(
                f"        paths.Go({number + 1});\n"
                if number + 1 < len(self.function.blocks)
                else "        paths.Return();\n"
            )
        return "".join(body)

    def _type(self, register: str) -> str:
        return C_TYPES[self.function.registers[register]]

    def _is_arithmetic(self, instruction: Instruction) -> bool:
        op = instruction.op
        if op[0] == "ld" and "param" in op:
            return self.function.entry and not self._is_call_result(instruction)
        return op[0] not in (
            "ld",
            "st",
            "bra",
            "bar",
            "barrier",
            "ret",
            "exit",
            "call",
            "declare",
            "ldu",
            "membar",
            "fence",
        )

    def _is_call_result(self, instruction: Instruction) -> bool:
        return bool(re.match(r"\[(retval|param)\d+", instruction.operands[1]))

    def _place(self, register: str) -> str:
        return f"S.{_plain(register)}[l]" if register in self.state else f"{_plain(register)}[l]"

    def _arithmetic(self, run: list[Instruction]) -> str:
        self.scalars: set[str] = set()
        lines = []
        written = []
        for instruction in run:
            for target, value in self._values(instruction):
                name = f"v_{_plain(target)}"
                if instruction.guard:
                    condition = self._read(instruction.guard, "pred")
                    condition = f"!{condition}" if instruction.negated else condition
                    value = f"({condition} ? {self._type(target)}({value}) : {self._read(target)})"
                if target in self.scalars:
                    lines.append(f"          {name} = {self._type(target)}({value});\n")
                else:
                    lines.append(f"          {self._type(target)} {name} = {self._type(target)}({value});\n")
                self.scalars.add(target)
                if target not in written:
                    written.append(target)
        for target in written:
            if target in self.state:
                place = self._place(target)
                lines.append(f"          {place} = (m >> l & 1) ? v_{_plain(target)} : {place};\n")
            elif target in self.arrays:
                lines.append(f"          {self._place(target)} = v_{_plain(target)};\n")
        self.scalars = set()
        return "        LANES {\n" + "".join(lines) + "        }\n"

    def _read(self, operand: str, kind: str = "") -> str:
        """Return C++ for an operand: of its register's type, or a literal of ``kind`` (like s32, f64)."""
        if operand in self.function.registers:
            return f"v_{_plain(operand)}" if operand in self.scalars else self._place(operand)
        if operand in SPECIAL:
            return SPECIAL[operand]
        if m := re.fullmatch(r"0[fF]([0-9A-Fa-f]{8})", operand):
            return f"Bits<float>(0x{m[1]}u)"
        if m := re.fullmatch(r"0[dD]([0-9A-Fa-f]{16})", operand):
            return f"Bits<double>(uint64_t(0x{m[1]}ull))"
        if m := re.fullmatch(r"(-?)(0x[0-9A-Fa-f]+|\d+)U?", operand):
            value = int(m[2], 0) * (-1 if m[1] else 1)
            size = {"8": 8, "16": 16, "32": 32, "64": 64}.get(re.sub(r"\D", "", kind) or "64", 64)
            return f"uint{size}_t(0x{value % (1 << size):x}ull)"
        if operand in self.module.shared_at:
            return f"uint64_t({self.module.shared_at[operand]})"
        if operand in self.local_at:
            return f"uint64_t({self.local_at[operand]})"
        if operand in self.param_offsets and self.function.entry:
            return f"uint64_t({self.param_offsets[operand]})"
        raise Unsupported(f"operand {operand} in {self.function.name}")

    def _as(self, operand: str, kind: str) -> str:
        """Return C++ for an operand as a PTX type, reinterpreting a register of another kind."""
        size = re.sub(r"\D", "", kind)
        want = {"f32": "float", "f64": "double"}.get(kind) or f"{'int' if kind[0] == 's' else 'uint'}{size}_t"
        if kind == "pred":
            return self._read(operand, kind)
        value = self._read(operand, kind)
        if operand in self.function.registers:
            have = self._type(operand)
            if (have in ("float", "double")) != (want in ("float", "double")):
                bits = {"float": "uint32_t", "double": "uint64_t"}
                if have in bits:
                    return f"{want}(Bits<{bits[have]}>({value}))"
                return f"Bits<{want}>({bits[want]}({value}))"
        elif want in ("float", "double") and not value.startswith("Bits"):
            return f"Bits<{want}>({ {'float': 'uint32_t', 'double': 'uint64_t'}[want] }({value}))"
        return f"{want}({value})"

    def _values(self, i: Instruction) -> list[tuple[str, str]]:
        """Return (register, C++ expression) pairs of an arithmetic instruction."""
        op, o = i.op, i.operands
        name, kind = op[0], op[-1]
        a = lambda n, k=kind: self._as(o[n], k)  # noqa: E731
        floating = kind in ("f32", "f64")
        signed = "s" + kind[1:]
        c = {"f32": "float", "f64": "double"}.get(kind) or (
            f"{'int' if kind[0] == 's' else 'uint'}{kind[1:]}_t" if kind[1:].isdigit() else ""
        )
        if any(f in op for f in ("ftz", "approx", "sat", "full")) and name != "cvt":
            raise Unsupported(f"line {i.line}: {i.name}")
        if floating and any(f in op for f in ("rz", "rm", "rp")) and name != "cvt":
            raise Unsupported(f"line {i.line}: {i.name}")

        def put(value: str, number: int = 0, bits: str = "") -> list[tuple[str, str]]:
            target = o[number]
            if self._type(target) in ("float", "double") and not floating and not bits:
                value = f"Bits<{self._type(target)}>({value})"
            return [(target, value)]

        if name == "ld":
            return self._load_param(i)
        if name == "mov":
            if o[0].startswith("{"):
                parts = [p.strip() for p in o[0][1:-1].split(",")]
                bits = int(kind[1:]) // len(parts)
                whole = self._as(o[1], f"u{kind[1:]}")
                pairs = []
                for n, part in enumerate(parts):
                    value = f"uint{bits}_t({whole} >> {n * bits})"
                    if part == "_":
                        continue
                    if self._type(part) in ("float", "double"):
                        value = f"Bits<{self._type(part)}>({value})"
                    pairs.append((part, value))
                return pairs
            if o[1].startswith("{"):
                parts = [p.strip() for p in o[1][1:-1].split(",")]
                bits = int(kind[1:]) // len(parts)
                terms = [
                    f"(uint{kind[1:]}_t({self._as(p, f'u{bits}')}) << {n * bits})"
                    for n, p in enumerate(parts)
                ]
                return put(" | ".join(terms))
            if kind == "pred":
                return [(o[0], self._read(o[1], "pred") + " & 1")]
            if self._type(o[0]) in ("float", "double"):
                return [(o[0], self._as(o[1], "f" + re.sub(r"\D", "", kind)))]
            return [(o[0], self._as(o[1], "u" + kind[1:]))]
        if name in ("add", "sub"):
            sign = "+" if name == "add" else "-"
            k = kind if floating else "u" + kind[1:]
            return put(f"{a(1, k)} {sign} {a(2, k)}")
        if name in ("mul", "mad", "fma"):
            if floating:
                if name == "mul":
                    return put(f"{a(1)} * {a(2)}")
                return put(
                    f"{'__builtin_fmaf' if kind == 'f32' else '__builtin_fma'}({a(1)}, {a(2)}, {a(3)})"
                )
            how = op[1]
            size = int(kind[1:])
            wide = 2 * size
            integer = "int" if kind[0] == "s" else "uint"
            wide_type = (
                f"{integer}{wide}_t"
                if wide <= 64
                else ("__int128" if kind[0] == "s" else "unsigned __int128")
            )
            if how == "lo":
                product = f"uint{size}_t(uint{max(size, 32)}_t({a(1, f'u{size}')}) * {a(2, f'u{size}')})"
            elif how == "wide":
                product = f"uint{wide}_t({wide_type}({a(1)}) * {wide_type}({a(2)}))"
            elif how == "hi":
                product = f"uint{size}_t(({wide_type}({a(1)}) * {wide_type}({a(2)})) >> {size})"
            else:
                raise Unsupported(f"line {i.line}: {i.name}")
            if name == "mad":
                product += f" + {self._as(o[3], 'u' + str(wide if how == 'wide' else size))}"
            return put(product)
        if name == "div":
            return put(f"{a(1)} / {a(2)}" if floating else f"Quotient<{c}>({a(1)}, {a(2)})")
        if name == "rem":
            return put(f"Remainder<{c}>({a(1)}, {a(2)})")
        if name in ("min", "max"):
            if floating:
                return put(f"Float{name.title()}<{c}>({a(1)}, {a(2)})")
            return put(f"std::{name}<{c}>({a(1)}, {a(2)})")
        if name == "abs":
            if floating:
                return put(f"std::fabs({a(1)})")
            return put(f"({a(1, signed)} < 0 ? u{c}(0) - u{c}({a(1, signed)}) : u{c}({a(1, signed)}))")
        if name == "neg":
            return put(f"-{a(1)}" if floating else f"u{c.lstrip('u')}(0) - {a(1, 'u' + kind[1:])}")
        if name == "sqrt" and floating:
            return put(f"std::sqrt({a(1)})")
        if name == "rcp" and floating:
            return put(f"{c}(1) / {a(1)}")
        if name in ("and", "or", "xor"):
            sign = {"and": "&", "or": "|", "xor": "^"}[name]
            if kind == "pred":
                return [(o[0], f"({self._read(o[1])} {sign} {self._read(o[2])}) & 1")]
            return put(f"{a(1, 'u' + kind[1:])} {sign} {a(2, 'u' + kind[1:])}")
        if name == "not":
            if kind == "pred":
                return [(o[0], f"!{self._read(o[1])}")]
            return put(f"~{a(1, 'u' + kind[1:])}")
        if name == "shl":
            return put(f"LeftShift<uint{kind[1:]}_t>({a(1, 'u' + kind[1:])}, {self._as(o[2], 'u32')})")
        if name == "shr":
            k = kind if kind[0] == "s" else "u" + kind[1:]
            t = f"{'int' if k[0] == 's' else 'uint'}{k[1:]}_t"
            return put(f"RightShift<{t}>({a(1, k)}, {self._as(o[2], 'u32')})")
        if name == "selp":
            k = kind if floating else "u" + kind[1:]
            return put(f"{self._read(o[3], 'pred')} ? {a(1, k)} : {a(2, k)}")
        if name == "setp":
            return self._compare(i)
        if name == "cvt":
            return self._convert(i)
        if name == "cvta":
            to = "to" in op
            space = next(s for s in ("global", "shared", "local", "param", "const") if s in op)
            base = {"global": "0", "shared": "kSharedBase", "local": "kLocalBase", "param": "kParamBase"}[
                space
            ]
            return put(f"{a(1, 'u64')} {'-' if to else '+'} {base}")
        if name == "bfe" and kind[0] == "u":
            return put(
                f"RightShift<{c}>({a(1)}, {self._as(o[2], 'u32')} & 255)"
                f" & (LeftShift<{c}>(1, {self._as(o[3], 'u32')} & 255) - 1)"
            )
        if name == "popc":
            return put(f"uint32_t(__builtin_popcountll({a(1, 'u' + kind[1:])}))")
        if name == "copysign":
            return put(f"std::copysign({a(2)}, {a(1)})")
        raise Unsupported(f"line {i.line}: {i.name}")

    def _compare(self, i: Instruction) -> list[tuple[str, str]]:
        op, o = i.op, i.operands
        kind = op[-1]
        x, y = (self._as(o[n], kind if kind[0] != "b" else "u" + kind[1:]) for n in (1, 2))
        how = op[1]
        signs = {
            "eq": "==",
            "ne": "!=",
            "lt": "<",
            "le": "<=",
            "gt": ">",
            "ge": ">=",
            "lo": "<",
            "ls": "<=",
            "hi": ">",
            "hs": ">=",
        }
        if kind in ("f32", "f64"):
            ordered = f"({x} == {x} && {y} == {y})"
            if how == "num":
                value = ordered
            elif how == "nan":
                value = f"!{ordered}"
            elif how == "ne":
                value = f"({x} != {y} && {ordered})"
            elif how in signs:
                value = f"({x} {signs[how]} {y})"
            else:  # or unordered
                value = f"({x} {signs[how[:2]]} {y} || !{ordered})"
        else:
            value = f"({x} {signs[how]} {y})"
        if len(op) == 4:
            other = self._read(o[3].lstrip("!"), "pred")
            other = f"!{other}" if o[3].startswith("!") else other
            value = f"({value} {({'and': '&&', 'or': '||', 'xor': '!='})[op[2]]} {other})"
        targets = o[0].split("|")
        return [(targets[0], f"uint32_t({value})")] + (
            [(targets[1], f"uint32_t(!{value})")] if len(targets) > 1 else []
        )

    def _convert(self, i: Instruction) -> list[tuple[str, str]]:
        op, o = i.op, i.operands
        to, source = op[-2], op[-1]
        how = list(op[1:-2])
        if "sat" in how or "ftz" in how:
            raise Unsupported(f"line {i.line}: {i.name}")
        c_to = {"f32": "float", "f64": "double"}.get(to) or f"{'int' if to[0] == 's' else 'uint'}{to[1:]}_t"
        rounding = {"rni": "std::nearbyint", "rzi": "std::trunc", "rmi": "std::floor", "rpi": "std::ceil"}
        if to == "f16" and source == "f32":
            if how != ["rn"]:
                raise Unsupported(f"line {i.line}: {i.name}")
            return [(o[0], f"ToHalfBits({self._as(o[1], source)})")]
        if to == "f32" and source == "f16":
            return [(o[0], f"FromHalf({self._as(o[1], 'u16')})")]
        if "f16" in (to, source) or "bf16" in (to, source):
            raise Unsupported(f"line {i.line}: {i.name}")
        x = self._as(o[1], source)
        if source[0] == "f":
            steps = [h for h in how if h in rounding]
            if to[0] == "f":
                value = f"{rounding[steps[0]]}({x})" if steps else x
                if to == "f32" and source == "f64" and how != ["rn"]:
                    raise Unsupported(f"line {i.line}: {i.name}")
                return [(o[0], f"{c_to}({value})")]
            return [(o[0], f"ToInteger<{c_to}>({rounding[steps[0]]}({x}))")]
        if to[0] == "f":
            if how != ["rn"]:
                raise Unsupported(f"line {i.line}: {i.name}")
            return [(o[0], f"{c_to}({x})")]
        value = f"{c_to}({x})"  # an integer: extended by the source's sign, or cut
        register = self._type(o[0])
        if to[0] == "s" and register.startswith("uint") and register != f"uint{to[1:]}_t":
            value = f"int64_t({value})"
        return [(o[0], value)]

    def _load_param(self, i: Instruction) -> list[tuple[str, str]]:
        kind = i.op[-1]
        size = SIZES[kind[1:]]
        base, offset = self._address(i.operands[1])
        targets = [t.strip() for t in i.operands[0].strip("{}").split(",")]
        pairs = []
        for n, target in enumerate(targets):
            at = f"{base} + {offset + n * size}ull"
            pointer = f"((m >> l & 1) ? w.Param({at}, {size}, {i.line}) : w.Trash())"
            pairs.append((target, self._from_memory(target, kind, pointer)))
        return pairs

    def _from_memory(self, target: str, kind: str, pointer: str) -> str:
        size = kind[1:]
        have = self._type(target)
        if have in ("float", "double"):
            return f"Load<{have}>({pointer})"
        if kind[0] == "s":
            wide = have.replace("uint", "int")
            return f"{have}({wide}(Load<int{size}_t>({pointer})))"
        return f"{have}(Load<uint{size}_t>({pointer}))"

    def _address(self, text: str) -> tuple[str, int]:
        m = re.fullmatch(r"\[\s*([%$\w.]+)\s*(?:\+\s*(-?\d+))?\s*\]", text)
        if not m:
            raise Unsupported(f"address {text}")
        base = self._read(m[1], "u64")
        return f"uint64_t({base})", int(m[2] or 0) % (1 << 64)

    # -- everything else

    def _other(self, i: Instruction, number: int, block: BasicBlock) -> str:
        self.scalars = set()
        op, o = i.op, i.operands
        name = op[0]
        if name == "declare":
            self.buffers[o[0]] = (f"P_{_plain(o[0])}_{len(self.buffers)}_{i.line}", int(o[1]))
            return f"        alignas(16) uint8_t {self.buffers[o[0]][0]}[32 * {o[1]}];\n"
        if name in ("bar", "barrier"):
            if i.guard or op[:2] != ["bar", "sync"] or o != ["0"]:
                raise Unsupported(f"line {i.line}: {i.name} {o}")
            if not self.function.entry:
                raise Unsupported(f"line {i.line}: a barrier in a function")
            return (
                '        if (m != w.mask) g_findings.Add("divergent barrier",'
                f" {i.line}, w.Who(__builtin_ctz(m)));\n"
                f"        w.waits_at = {i.line};\n        paths.Go({number + 1});\n        return kBarrier;\n"
            )
        if name in ("ret", "exit"):
            return "        paths.Return();\n"
        if name == "bra":
            target = block.next[0]
            if not i.guard:
                return f"        paths.Go({target});\n"
            test = ("!" if i.negated else "") + self._place(i.guard)
            return (
                "        uint32_t taken = 0;\n"
                f"        LANES taken |= uint32_t(({test}) != 0) << l;\n"
                f"        paths.Branch(taken, {target}, {number + 1}, {block.rejoin});\n"
            )
        if name == "call":
            if i.guard:
                raise Unsupported(f"line {i.line}: a guarded call")
            results, callee, arguments = _callee(i)
            function = self.module.functions[callee]
            buffers = [self.buffers[p][0] for p in results + arguments]
            return f"        {_cpp_name(function)}({', '.join(['w', 'm', *buffers])});\n"
        if name in ("ld", "st"):
            return self._memory(i, number)
        raise Unsupported(f"line {i.line}: {i.name}")

    def _memory(self, i: Instruction, number: int) -> str:
        op = i.op
        load = op[0] == "ld"
        kind = op[-1]
        size = SIZES[kind[1:]]
        values = i.operands[0] if load else i.operands[1]
        address = i.operands[1] if load else i.operands[0]
        registers = [t.strip() for t in values.strip("{}").split(",")]
        space = next((s for s in ("global", "shared", "local", "param", "const") if s in op), "generic")
        mask = "m"
        out = ""
        if i.guard:
            test = f"{self._place(i.guard)} {'==' if i.negated else '!='} 0"
            out += (
                f"        uint32_t g{i.line} = 0; LANES g{i.line} |= uint32_t({test}) << l; g{i.line} &= m;\n"
            )
            mask = f"g{i.line}"
        if space == "param":
            m = re.fullmatch(r"\[\s*([$\w]+)\s*(?:\+\s*(-?\d+))?\s*\]", address)
            if not m:
                raise Unsupported(f"line {i.line}: {address}")
            if m[1] in self.param_sizes:
                buffer, stride = f"P_{_plain(m[1])}", self.param_sizes[m[1]]
            else:
                buffer, stride = self.buffers[m[1]]
            pointers = [
                f"{buffer} + l * {stride} + {int(m[2] or 0) + n * size}" for n in range(len(registers))
            ]
        else:
            if space == "const":
                raise Unsupported(f"line {i.line}: {i.name}")
            site = len(self.module.sites)
            self.module.sites.append(i)
            base, offset = self._address(address)
            if offset >= 1 << 63:
                offset -= 1 << 64
            out += (
                f"        uint64_t e{site}[32]; uint8_t* p{site}[32];\n"
                f"        LANES e{site}[l] = {base} + uint64_t({offset}ll);\n"
                f"        w.{space.title()}<{size * len(registers)}, {'false' if load else 'true'}>"
                f"({site}, {mask}, e{site}, p{site});\n"
            )
            pointers = [f"p{site}[l] + {n * size}" for n in range(len(registers))]
        steps = []
        for register, pointer in zip(registers, pointers):
            if load:
                steps.append(f"{self._place(register)} = {self._from_memory(register, kind, pointer)};")
            else:
                unsigned = f"uint{kind[1:]}_t"
                if register in self.function.registers and self._type(register) in ("float", "double"):
                    value = self._read(register)
                else:
                    value = f"{unsigned}({self._as(register, 'u' + kind[1:])})"
                steps.append(f"Store({pointer}, {value});")
        out += f"        LANES if ({mask} >> l & 1) {{ {' '.join(steps)} }}\n"
        return out
