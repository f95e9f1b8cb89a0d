"""Save layers into a folder, with what they compute; FLAGS_enable_pir_api=0 saves in the format of Paddle 2.

python tests/interop/save_paddle_heads.py FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import paddle
from paddle_heads import PLAIN, PYRAMID, Pool, Pooler, Variants, inputs_of

BOXES_NUM = [3, 0, 4]

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    paddle.seed(0)
    for layer, spec in [(Variants(), PLAIN), (Pooler(), PYRAMID), (Pool(True), PLAIN), (Pool(False), PLAIN)]:
        name = f"{type(layer).__name__.lower()}{'_aligned' if getattr(layer, 'aligned', False) else ''}"
        layer.eval()
        paddle.jit.save(layer, str(folder / name), input_spec=spec)
        results = layer(*(paddle.to_tensor(value) for value in inputs_of(spec, BOXES_NUM).values()))
        results = results if isinstance(results, (list, tuple)) else [results]
        np.savez(folder / f"{name}.npz", *(result.numpy() for result in results))
