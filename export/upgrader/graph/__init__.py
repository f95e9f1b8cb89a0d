"""Reading and writing onnx-ir graphs: attributes, constants, scopes, new nodes."""
