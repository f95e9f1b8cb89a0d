"""RoIAlign for ONNX Runtime: custom operators, a NumPy library and exporter helpers."""
