"""Packages that only some users need."""

from __future__ import annotations


def missing(package: str, user: str, *extras: str) -> ImportError:
    """Return the error for an optional package that cannot be imported.

    Args:
        package: the package.
        user: what needs it, the beginning of the message.
        extras: the extras of roiops that bring it, one of which is enough.
    """
    choices = " or ".join(f"'roiops[{extra}]'" for extra in extras)
    return ImportError(f"{user} needs {package}; install it with: pip install {choices}")
