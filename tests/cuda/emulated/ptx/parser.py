"""From the text of a PTX module to its functions."""

from __future__ import annotations

import re
from pathlib import Path

from tests.cuda.emulated.ptx import flow
from tests.cuda.emulated.ptx.program import (
    SIZES,
    BasicBlock,
    Function,
    Instruction,
    Module,
    Unsupported,
    Variable,
    split_operands,
)

_FIRST_SHARED = 1024  # as on compute capability 9.0, which also catches null pointers


def parse(text: str) -> Module:
    """Read a module, number its basic blocks and place its shared memory."""
    reader = _Reader()
    for number, line in enumerate(text.split("\n"), 1):
        line = re.sub(r"//.*", "", line).strip()
        if line:
            reader.read(number, line)
    module = reader.module
    for number, function in enumerate(module.functions.values()):
        function.id = number
        for _, instruction in function.instructions():
            file, _, line = instruction.source.partition(":")
            if file:
                instruction.source = f"{Path(reader.files.get(int(file), '?')).name}:{line}"
        flow.link(function)
        for block in function.blocks:
            block.id = module.block_count
            module.block_count += 1
    _place_shared(module)
    return module


class _Reader:
    def __init__(self) -> None:
        self.module = Module()
        self.files: dict[int, str] = {}
        self._function: Function | None = None
        self._header = ""  # of what is not in a function, until it is complete
        self._statement, self._first = "", 0  # of a function, and its line
        self._depth = 0
        self._source = ""

    def read(self, number: int, line: str) -> None:
        if self._function is None:
            self._outside(line)
        else:
            self._inside(number, line)

    def _outside(self, line: str) -> None:
        if re.match(r"\.(version|target|address_size)\b", line):
            return
        if m := re.match(r'\.file\s+(\d+)\s+"([^"]*)"', line):
            self.files[int(m[1])] = m[2]
            return
        if not self._header and line.startswith((".section", ".b8", ".b32", ".b64", "}", "{", "$L__info")):
            return  # where source lines are
        self._header += " " + line
        header = self._header.strip()
        if header.startswith((".shared", ".extern .shared")) and header.endswith(";"):
            self._shared(header)
        elif header.endswith("{"):
            self._function = _function(header)
            self._depth = 1
        elif header.endswith(";"):
            if ".global" in header or ".const" in header:
                raise Unsupported(header)
        else:
            return
        self._header = ""

    def _inside(self, number: int, line: str) -> None:
        while line:
            if not self._statement:
                self._first = number
                line = self._structure(line)
                if not line:
                    break
            end = line.find(";")
            if end < 0:
                self._statement += " " + line
                break
            statement = (self._statement + " " + line[:end]).strip()
            self._statement = ""
            line = line[end + 1 :].strip()
            if statement:
                self._add(statement)

    def _structure(self, line: str) -> str:
        """Take braces, labels and directives from the front of a line; return the rest."""
        function = self._function
        assert function is not None
        while line:
            if line[0] == "{":
                self._depth += 1
                line = line[1:].strip()
            elif line[0] == "}":
                self._depth -= 1
                line = line[1:].strip()
                if self._depth == 0:
                    self.module.functions[function.name] = function
                    self._function = None
                    return ""
            elif m := re.match(r"([$\w]+):\s*", line):
                if function.blocks[-1].code:
                    function.blocks.append(BasicBlock())
                function.blocks[-1].labels.append(m[1])
                line = line[m.end() :]
            elif m := re.match(r"\.loc\s+(\d+)\s+(\d+)", line):
                self._source = f"{m[1]}:{m[2]}"  # the files' names follow at the end
                return ""
            elif line.startswith((".maxntid", ".minnctapersm", ".pragma")):
                return ""
            else:
                break
        return line

    def _shared(self, text: str) -> None:
        m = re.search(r"\.shared\s+(?:\.align\s+(\d+)\s+)?\.b(\d+)\s+([$\w]+)(\[(\d*)\])?", text)
        if not m:
            raise Unsupported(text)
        count = int(m[5] or 0) if m[4] else 1  # 0: as large as the launch says
        self.module.shared[m[3]] = Variable(m[3], SIZES[m[2]] * count, int(m[1] or SIZES[m[2]]))

    def _add(self, statement: str) -> None:
        function = self._function
        assert function is not None
        block = function.blocks[-1]
        if statement.startswith(".reg"):
            function.registers.update(_registers(statement))
        elif statement.startswith(".local"):
            function.locals += _variables(statement, ".local")
        elif statement.startswith(".shared"):
            self._shared(statement)
        elif statement.startswith(".param"):
            for variable in _variables(statement):
                block.code.append(Instruction(self._first, ["declare"], [variable.name, str(variable.size)]))
        else:
            m = re.match(r"(?:@(!?)(%\w+)\s+)?([a-z][\w.:]*)\s*(.*)", statement, re.DOTALL)
            if not m:
                raise Unsupported(f"line {self._first}: {statement}")
            operands = split_operands(m[4])
            instruction = Instruction(self._first, m[3].split("."), operands, m[2], m[1] == "!", self._source)
            block.code.append(instruction)
            if instruction.ends_block:
                function.blocks.append(BasicBlock())


def _function(header: str) -> Function:
    m = re.search(r"\.(entry|func)\s*(\([^)]*\))?\s*([$\w]+)\s*(\([^)]*\))?", header)
    if not m:
        raise Unsupported(header)
    params = (_variables(m[2] or ""), _variables(m[4] or ""))
    return Function(m[3], m[1] == "entry", *params, blocks=[BasicBlock()])


def _registers(statement: str) -> dict[str, str]:
    m = re.match(r"\.reg\s+\.([a-z]+)(\d*)\s+(.*)", statement)
    if not m:
        raise Unsupported(statement)
    kind = "pred" if m[1] == "pred" else ("f" + m[2] if m[1] == "f" else m[2])
    names = []
    for name in m[3].split(","):
        ranged = re.match(r"\s*(%\w+)<(\d+)>", name)
        names += [f"{ranged[1]}{i}" for i in range(int(ranged[2]))] if ranged else [name.strip()]
    return dict.fromkeys(names, kind)


def _variables(text: str, space: str = ".param") -> list[Variable]:
    pattern = r"\s+(?:\.align\s+(\d+)\s+)?\.[a-z](\d+)\s+(?:\.ptr[\w.\s]*?\s)?([$\w]+)(?:\[(\d+)\])?"
    found = []
    for m in re.finditer(re.escape(space) + pattern, text):
        size = SIZES[m[2]]
        found.append(Variable(m[3], size * int(m[4] or 1), int(m[1] or size)))
    return found


def _place_shared(module: Module) -> None:
    for kernel in (f for f in module.functions.values() if f.entry):
        words: set[str] = set()
        for function in module.reachable(kernel):
            for _, instruction in function.instructions():
                words.update(w for o in instruction.operands for w in re.findall(r"[$\w]+", o))
        # What the launch sizes comes last.
        used = sorted((v for v in module.shared.values() if v.name in words), key=lambda v: v.size == 0)
        end = _FIRST_SHARED
        for variable in used:
            at = module.shared_at.setdefault(variable.name, -(-end // variable.align) * variable.align)
            end = max(end, at + variable.size)
        module.shared_end[kernel.name] = end
