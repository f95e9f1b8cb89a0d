"""The roiops operators for use inside ``@onnxscript.script()`` functions."""

from __future__ import annotations

try:
    from onnxscript.values import Opset
except ImportError as error:
    raise ImportError(
        "roiops.export.opset1 needs onnxscript; install it with: pip install 'roiops[export]'"
    ) from error

from roiops.export._names import DOMAIN, VERSION
from roiops.export._schemas import register_schemas

register_schemas()
opset1 = Opset(DOMAIN, VERSION)
