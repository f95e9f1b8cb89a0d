"""roiops.export.torch where PyTorch is missing or unfit: an ImportError that says what to install."""

from __future__ import annotations

import subprocess
import sys

import pytest

PREPARE = """
import sys, types

def module(name, **attributes):
    sys.modules[name] = types.ModuleType(name)
    vars(sys.modules[name]).update(attributes)

class Broken:
    def find_spec(self, name, path=None, target=None):
        if name == "torchvision":
            raise RuntimeError("operator torchvision::nms does not exist")
"""
ATTEMPT = """
import roiops.export
try:
    import roiops.export.torch
except ImportError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("situation", "found"),
    [
        ("sys.modules['torch'] = None", "torch"),
        ("module('torch', __version__='2.6.0'); sys.modules['torchvision'] = None", "torchvision"),
        ("module('torch', __version__='2.5.1+cu124'); module('torchvision')", "found torch 2.5.1+cu124"),
        ("module('torch', __version__='1.13.0'); module('torchvision')", "found torch 1.13.0"),
        (
            (
                "module('torch', __version__='2.15.0'); sys.modules.pop('torchvision', None); "
                "sys.meta_path.insert(0, Broken())"
            ),
            "operator torchvision::nms does not exist",
        ),
    ],
)
def test_import_error_names_the_extra_and_the_cause(situation, found):
    done = subprocess.run(
        [sys.executable, "-c", PREPARE + situation + ATTEMPT], capture_output=True, text=True, check=True
    )
    assert "pip install 'roiops[torch]'" in done.stdout
    assert "torch 2.6 or newer" in done.stdout and found in done.stdout


def test_importing_roiops_export_does_not_import_torch():
    code = "import sys, roiops.export; print(sorted({'torch', 'torchvision'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
