"""The roiops operators for use inside ``@onnxscript.script()`` functions."""

from __future__ import annotations

from roiops._extras import missing

try:
    from onnxscript.values import Opset
except ImportError as error:
    raise missing("onnxscript", "roiops.export.opset1", "export") from error

from roiops.export._schemas import register_schemas
from roiops.operators import DOMAIN, VERSION

register_schemas()
opset1 = Opset(DOMAIN, VERSION)
