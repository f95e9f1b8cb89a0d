"""docs/design.md names only what exists, and every folder of python/ and export/, the outer ones of ops/."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from doc_snippets import ROOT

TEXT = (ROOT / "docs" / "design.md").read_text()
_PATH = re.compile(r"[\w./]+(?:/|\.(?:py|h|cc|inc|cu|cuh|txt|md))")


def unknown(text: str, root: Path) -> list[str]:
    """Return the paths in code marks that are no file or folder, wherever in the tree that may be."""
    folders = ("ops", "python", "export", "tests", "docs", "cmake", "benchmarks", "examples", ".ci")
    known = [f"/{path.relative_to(root).as_posix()}" for top in folders for path in (root / top).rglob("*")]
    known += [f"/{top}" for top in folders]
    named = {name for name in re.findall(r"`([^`\n]+)`", text) if _PATH.fullmatch(name)}
    return sorted(name for name in named if not any(k.endswith(f"/{name.rstrip('/')}") for k in known))


def unnamed(text: str, root: Path) -> list[str]:
    """Return the folders with sources that are neither linked nor named."""
    folders = {path.parent for top in ("ops", "python", "export") for path in (root / top).rglob("*.*")}
    names = [folder.relative_to(root) for folder in folders if folder.name != "__pycache__"]
    return sorted(
        name.as_posix()
        for name in names
        if not (name.parts[0] == "ops" and len(name.parts) > 2)
        and f"`{name.as_posix()}/`" not in text
        and f"(../{name.as_posix()})" not in text
    )


# Words that had other names or several meanings, and those of the glossary that took their place.
RETIRED = {
    "cluster": "multi-level pooler",
    "Place": "slot, position",
    "RunTasks": "RunWorkItems",
    "Weight": "accumulator",
    "Widen": "ToFloat",
}


@pytest.mark.parametrize("word", RETIRED)
def test_retired_words_do_not_come_back(word):
    suffixes = {".h", ".cc", ".inc", ".cu", ".cuh", ".py"}
    files = [path for top in ("ops", "python", "export") for path in (ROOT / top).rglob("*")]
    lines = [
        f"{path}: {line}"
        for path in files
        if path.suffix in suffixes
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(rf"(?<![.\w]){word}s?\b", line)
    ]
    assert not lines, f"say {RETIRED[word]}"


def test_what_is_named_exists():
    assert unknown(TEXT, ROOT) == []


def test_every_folder_is_named():
    assert unnamed(TEXT, ROOT) == []


@pytest.mark.parametrize("name", ["ops/nowhere/", "_nowhere.py", "ops/base/error.cc", "upgrader/nowhere/"])
def test_a_name_of_nothing_is_found(name):
    assert unknown(f"{TEXT}\nSee `{name}`.", ROOT) == [name]


@pytest.mark.parametrize("folder", ["ops/base", "export/upgrader/facts", "python/roiops/cli"])
def test_a_folder_that_is_not_named_is_found(folder):
    text = TEXT.replace(f"`{folder}/`", "").replace(f"(../{folder})", "")
    assert unnamed(text, ROOT) == [folder]
