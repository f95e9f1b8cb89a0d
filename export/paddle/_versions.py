"""Whether the packages that an export needs are there, found without importing them."""

from __future__ import annotations

import importlib.util
import re
from importlib import metadata

from roiops._extras import missing

# Import name, the distributions that provide it, the oldest version that works.
_NEEDED = (
    ("paddle", ("paddlepaddle", "paddlepaddle-gpu"), (3, 1)),
    ("paddle2onnx", ("paddle2onnx",), (2, 1)),
)


def check_packages() -> None:
    """Check that Paddle and paddle2onnx are installed.

    Raises:
        ImportError: naming the package and the extra that installs it.
    """
    for module, distributions, oldest in _NEEDED:
        if importlib.util.find_spec(module) is None:
            raise missing(distributions[0], "roiops.export.paddle", "paddle")
        version = _version(distributions)
        found = tuple(map(int, re.findall(r"\d+", version)[:2]))
        if version and found < oldest:
            wanted = ".".join(map(str, oldest))
            package = f"{distributions[0]} >= {wanted}, found {version}"
            raise missing(package, "roiops.export.paddle", "paddle")


def _version(distributions: tuple[str, ...]) -> str:
    """The installed version; "" where none is recorded, as for a build from sources."""
    for name in distributions:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return ""
