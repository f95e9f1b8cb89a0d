"""Write the model that pool_boxes runs: one roiops RoiAlign node, 2 x 2 bins per box; argument: its path."""

import sys

import onnx

from roiops.export import make_roi_align_model

onnx.save(make_roi_align_model(output_size=(2, 2)), sys.argv[1])
