"""The graph of a function's basic blocks."""

from __future__ import annotations

from tests.cuda.emulated.ptx.program import Function


def link(function: Function) -> None:
    """Join blocks to a graph, and find where branches rejoin: immediate post-dominators."""
    blocks = function.blocks
    if not blocks[-1].code and not blocks[-1].labels:
        blocks.pop()
    at = {label: i for i, block in enumerate(blocks) for label in block.labels}
    for i, block in enumerate(blocks):
        following = [i + 1] if i + 1 < len(blocks) else []
        last = block.code[-1] if block.code else None
        if last and last.op[0] in ("ret", "exit"):
            if last.guard:
                raise last.unsupported("a guarded return")
            block.next = []
        elif last and last.op[0] == "bra":
            block.next = [at[last.operands[0]], *(following if last.guard else [])]
        else:
            block.next = following
    dominators = _post_dominators([block.next for block in blocks])
    for i, block in enumerate(blocks):
        own = dominators[i] - {i}
        nearest = [d for d in own if len(dominators[d]) == len(own)]
        block.rejoin = nearest[0] if nearest and nearest[0] != len(blocks) else -1


def _post_dominators(successors: list[list[int]]) -> list[set[int]]:
    """Return what every way from each block to the end goes through; the end is the number of blocks."""
    end = len(successors)
    after = [set(s) or {end} for s in successors]
    dominators = [set(range(end + 1)) for _ in range(end)] + [{end}]
    changed = True
    while changed:
        changed = False
        for i in reversed(range(end)):
            new = set.intersection(*(dominators[n] for n in after[i])) | {i}
            if new != dominators[i]:
                dominators[i] = new
                changed = True
    return dominators
