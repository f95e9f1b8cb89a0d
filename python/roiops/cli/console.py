"""What the commands print: plain lines where no person looks, and errors of one line."""

from __future__ import annotations

import json
import sys
from enum import Enum
from typing import Any, NoReturn, Protocol

import typer
from rich.console import Console

# Where the locale has no letter for a character, its escape is printed instead of a traceback.
for _stream in (sys.stdout, sys.stderr):
    if hasattr(_stream, "reconfigure"):
        _stream.reconfigure(errors="backslashreplace")

console = Console(highlight=False)


class Format(str, Enum):
    """How a command prints its result."""

    text = "text"
    json = "json"


class Result(Protocol):
    """What `show` prints; its text ends with a summary of one line."""

    def to_dict(self) -> dict[str, Any]:
        """Return it for JSON."""


def show(result: Result, how: Format) -> None:
    """Print a result: as JSON, as a table on a terminal, otherwise one unwrapped line per finding."""
    if how is Format.json:
        print(json.dumps(result.to_dict(), indent=2))
    elif sys.stdout.isatty():
        Console(highlight=False, markup=False).print(result)
    else:
        print(result)


def fail(message: object, status: int = 1) -> NoReturn:
    """End the command with an error of one line."""
    print(f"error: {' '.join(str(message).split())}", file=sys.stderr)
    raise typer.Exit(status)
