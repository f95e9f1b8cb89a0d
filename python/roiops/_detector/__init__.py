"""The detector of ``roiops demo --detector``: from the bytes of a JPEG to boxes, in one ONNX model.

``examples/detector`` of the sources draws scenes, trains it on them and measures it.
"""
