"""The site: it builds without a warning, fetches nothing, and has every page and every public name."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SITE = ROOT / "build" / "site"
PACKAGES = {
    "roiops": ROOT / "python" / "roiops",
    "roiops.levels": ROOT / "python" / "roiops" / "levels.py",
    "roiops.reference": ROOT / "python" / "roiops" / "reference",
    "roiops.export": ROOT / "export",
    "roiops.export.torch": ROOT / "export" / "torch",
    "roiops.export.paddle": ROOT / "export" / "paddle",
}
# Fetched by a browser without being asked: scripts, styles, fonts, pictures.
FETCHED = re.compile(
    r"""<(?:script|img|iframe)[^>]+src=["']?([^"' >]+)|<link[^>]+href=["']?([^"' >]+)|url\(([^)]+)\)"""
)


@pytest.fixture(scope="module")
def site() -> Path:
    pytest.importorskip("zensical", reason="needs website/requirements.txt")
    tools = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    built = subprocess.run(
        [ROOT / "website" / "build"],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": tools},
        timeout=120,
        check=False,
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return SITE


def public(package: Path) -> set[str]:
    """The names in ``__all__`` that begin with a letter and are no constants."""
    source = (package / "__init__.py" if package.is_dir() else package).read_text()
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", "") == "__all__":
            names = ast.literal_eval(statement.value)
            return {name for name in names if name[0].isalpha() and not name.isupper()}
    raise AssertionError(f"{package} has no __all__")


def documented() -> set[str]:
    """The names in the inventory that mkdocstrings writes."""
    inventory = (SITE / "objects.inv").read_bytes()
    _, _, packed = inventory.partition(b"zlib.\n")
    return {line.split()[0] for line in zlib.decompress(packed).decode().splitlines()}


def test_every_page_is_in_the_navigation(site):
    navigation = (ROOT / "mkdocs.yml").read_text().partition("\nnav:")[2]
    pages = {str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")}
    assert set(re.findall(r"[\w/-]+\.md", navigation)) == pages
    for page in pages - {"index.md"}:
        assert (site / page[: -len(".md")] / "index.html").is_file()


# opset1 is a table made at run time for onnxscript, not a function.
@pytest.mark.parametrize("name", PACKAGES)
def test_every_public_name_is_in_the_reference(site, name):
    wanted = {f"{name}.{member}" for member in public(PACKAGES[name])}
    assert wanted - documented() <= {"roiops.export.opset1"}


def test_nothing_is_fetched_from_elsewhere(site):
    for page in [*site.rglob("*.html"), *site.rglob("*.css")]:
        for found in FETCHED.findall(page.read_text()):
            address = "".join(found).strip("\"'")
            assert "//" not in address or address.startswith("data:"), (page, address)
