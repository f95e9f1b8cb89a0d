"""Python-Markdown: links to files outside of docs/, which the site lacks, become text."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor

_ROOT = Path(__file__).resolve().parents[1]


class _Paths(Treeprocessor):
    def run(self, root: Element) -> None:
        for link in root.iter("a"):
            up, separator, path = link.get("href", "").partition("/")
            if up == ".." and separator and (_ROOT / path.partition("#")[0]).exists():
                link.tag = "span"
                link.attrib = {"title": f"{path} in the repository"}


class RepositoryLinks(Extension):
    """Adds the rule to a page's processing, after links are known."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802  (the method that Python-Markdown calls)
        """Register the processor."""
        md.treeprocessors.register(_Paths(md), "repository_links", 5)


def makeExtension(**options: Any) -> RepositoryLinks:  # noqa: N802  (the function that Python-Markdown calls)
    """Return the extension."""
    return RepositoryLinks(**options)
