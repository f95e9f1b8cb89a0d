"""Train the detector on drawn scenes, on the CPU, and write it as one ONNX model."""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import numpy as np
import onnx
import torch
from network import SIZE, make_network
from PIL import Image
from rich.progress import Progress, track
from scenes import CLASSES, Scene, draw_scene
from to_onnx import make_model
from torchvision.models.detection import FasterRCNN

Example = "tuple[torch.Tensor, torch.Tensor, torch.Tensor]"  # (3, SIZE, SIZE) uint8, (K, 4), (K,) from 1
_BATCH = 8
_GREY = 128


def to_example(scene: Scene) -> Example:
    """Fit a scene into the upper left corner of the network's input, as the exported model does."""
    image = Image.open(io.BytesIO(scene.jpeg)).convert("RGB")
    scale = SIZE / max(image.size)
    small = image.resize([round(side * scale) for side in image.size], Image.Resampling.BILINEAR)
    canvas = np.full((SIZE, SIZE, 3), _GREY, np.uint8)
    canvas[: small.height, : small.width] = np.asarray(small)
    boxes = scene.boxes * np.tile(np.divide(small.size, image.size), 2).astype(np.float32)
    return (
        torch.from_numpy(canvas).permute(2, 0, 1),
        torch.from_numpy(boxes),
        torch.from_numpy(scene.labels + 1),
    )


def vary(example: Example, random: torch.Generator) -> Example:
    """Mirror an example, turn it by a right angle and swap its colours, or not: no class depends on them."""
    image, boxes, labels = example
    mirror_x, mirror_y, transpose = torch.randint(2, (3,), generator=random).bool()
    x1, y1, x2, y2 = boxes.unbind(1)
    if mirror_x:
        image, x1, x2 = image.flip(2), SIZE - x2, SIZE - x1
    if mirror_y:
        image, y1, y2 = image.flip(1), SIZE - y2, SIZE - y1
    if transpose:
        image, x1, y1, x2, y2 = image.transpose(1, 2), y1, x1, y2, x2
    image = image[torch.randperm(3, generator=random)]
    return image, torch.stack([x1, y1, x2, y2], dim=1), labels


def train(scenes: int, steps: int, seed: int) -> FasterRCNN:
    """Train a detector from random weights on the scenes with seeds 0 to ``scenes`` - 1."""
    torch.manual_seed(seed)
    random = torch.Generator().manual_seed(seed)
    examples = [to_example(draw_scene(i)) for i in track(range(scenes), "drawing scenes")]
    network = make_network(len(CLASSES)).train()
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, steps, pct_start=0.1)
    with Progress() as progress:
        bar = progress.add_task("training", total=steps)
        for _ in range(steps):
            chosen = torch.randint(scenes, (_BATCH,), generator=random)
            batch = [vary(examples[i], random) for i in chosen]
            losses = network(
                [image / 255 for image, _, _ in batch],
                [{"boxes": boxes, "labels": labels} for _, boxes, labels in batch],
            )
            loss = sum(losses.values())
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
            optimizer.step()
            schedule.step()
            progress.update(bar, advance=1, description=f"training, loss {loss.item():.2f}")
    return network.eval()


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="where the ONNX model goes")
    parser.add_argument("--scenes", type=int, default=1200, help="scenes to draw (default: %(default)s)")
    parser.add_argument("--steps", type=int, default=1200, help="steps of 8 scenes (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of weights and batches (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="of the CPU (default: %(default)s)")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    network = train(arguments.scenes, arguments.steps, arguments.seed)
    onnx.save(make_model(network), arguments.out)


if __name__ == "__main__":
    main()
