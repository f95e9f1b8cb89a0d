"""Measure the detector on scenes that it was not trained on: mean average precision at an overlap of 0.5."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from precision import mean_average_precision
from rich.progress import track
from scenes import CLASSES, Scene, draw_scene

from roiops._detector.model import MODEL, Detections, Detector

FIRST_SEED = 1_000_000  # training uses seeds from 0


def evaluate(detector: Detector, scenes: int) -> tuple[float, dict[str, float]]:
    """Return the mean and each class's average precision on the first held-out scenes."""
    drawn = [draw_scene(FIRST_SEED + i) for i in track(range(scenes), "drawing scenes")]
    found = [detector(scene.jpeg) for scene in track(drawn, "detecting")]
    return mean_average_precision(found, [_truth(scene) for scene in drawn])


def _truth(scene: Scene) -> Detections:
    names = [CLASSES[label] for label in scene.labels]
    return Detections(scene.boxes, names, np.ones(len(names), np.float32))


def main() -> None:
    """Read the command line and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=MODEL, help="default: the one of the installed roiops")
    parser.add_argument("--scenes", type=int, default=500, help="how many (default: %(default)s)")
    arguments = parser.parse_args()
    mean, precisions = evaluate(Detector(arguments.model), arguments.scenes)
    for name, precision in precisions.items():
        print(f"{name:>10}: {precision:.3f}")
    print(f"mAP@0.5 on {arguments.scenes} held-out scenes: {mean:.3f}")


if __name__ == "__main__":
    main()
