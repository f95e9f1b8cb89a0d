"""Results as JSON, a Markdown table and a plot."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

import onnxruntime

import roiops

Row = dict[str, Any]


def environment(threads: int) -> Row:
    """Describe what was measured on what."""
    return {
        "roiops": roiops.build_info(),
        "onnxruntime": onnxruntime.__version__,
        "machine": platform.machine(),
        "python": platform.python_version(),
        "threads": threads,
    }


def markdown(rows: list[Row]) -> str:
    """Format rows that share their keys as a table."""
    header = list(rows[0])
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(str(row[key]) for key in header) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def write(folder: Path, name: str, environment: Row, rows: list[Row]) -> list[Path]:
    """Write ``name``.json and ``name``.md into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{name}.json", folder / f"{name}.md"]
    paths[0].write_text(json.dumps({"environment": environment, "rows": rows}, indent=1) + "\n")
    paths[1].write_text(markdown(rows))
    return paths


def plot(
    path: Path,
    title: str,
    labels: list[str],
    ratios: list[float],
    axis: str = "times as fast as the built-in operator",
) -> None:
    """Draw the ratios as bars."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 0.5 * len(labels) + 1.2))
    bars = axes.barh(labels, ratios, color="#2b6cb0")
    axes.bar_label(bars, [f"{ratio:.1f}×" for ratio in ratios], padding=3)
    axes.axvline(1, color="#a0aec0", linewidth=1)
    axes.invert_yaxis()
    axes.set_xlabel(axis)
    axes.set_title(title)
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.12)
    figure.tight_layout()
    figure.savefig(path, dpi=130)
    pyplot.close(figure)


def histogram(path: Path, title: str, ratios: list[float]) -> None:
    """Draw the distribution of the ratios."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 3))
    axes.hist(ratios, bins=30, color="#2b6cb0")
    axes.set_xlabel("times as fast as the built-in operator")
    axes.set_ylabel("workloads")
    axes.set_title(title)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, dpi=130)
    pyplot.close(figure)
