"""The tutorial, followed from top to bottom."""

from __future__ import annotations

from doc_snippets import DOCS, walk


def test_a_reader_gets_through_the_tutorial(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    walk(DOCS / "tutorial.md", tmp_path)
