"""Weights in other files: never read, copied byte for byte or shared, refused where they are not right."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath

import numpy as np
import onnx
import onnx_ir as ir
import pytest
from pyramids import feeds, save_with_weights
from support import run

from roiops.export import UpgradeError, inspect
from roiops.export.upgrader import Choices, upgrade_file
from roiops.export.upgrader.weights import _location


@pytest.fixture
def unread(monkeypatch):
    """Fail where a large external tensor is read."""

    def refuse(self, *_):
        raise AssertionError(f"{self.name} was read")

    for name in ("numpy", "tobytes", "tofile", "_load"):
        monkeypatch.setattr(ir.ExternalTensor, name, refuse)


@pytest.mark.parametrize("portable", [False, True])
@pytest.mark.parametrize("share", [False, True])
def test_weights_are_not_read(tmp_path, unread, portable, share):
    path, out = tmp_path / "pooler.onnx", tmp_path / "out.onnx"
    model = save_with_weights(path)
    inspect(path)
    seen = []
    upgrade_file(
        path, out, Choices(), portable=portable, share_weights=share, progress=lambda *d: seen.append(d)
    )
    names = {p.name for p in tmp_path.iterdir()}
    assert names == {"pooler.onnx", "pooler.weights", "out.onnx", *([] if share else ["out.onnx.data"])}
    assert seen == ([] if share else [(2 * 2 * 32 * 32 * 4,) * 2])
    assert out.stat().st_size < (65536 if portable else 8192)
    arrays = feeds(model)
    found = run(onnx.load(out), arrays, plugin=not portable)
    np.testing.assert_allclose(found, run(model, arrays, plugin=False), atol=1e-5)


def test_weights_elsewhere_are_not_shared(tmp_path):
    save_with_weights(tmp_path / "pooler.onnx")
    (tmp_path / "out").mkdir()
    with pytest.raises(UpgradeError, match="cannot share the weights"):
        upgrade_file(tmp_path / "pooler.onnx", tmp_path / "out" / "o.onnx", Choices(), share_weights=True)
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize(("flavour", "root"), [(PureWindowsPath, "C:/models"), (PurePosixPath, "/models")])
def test_locations_are_the_same_on_all_systems(flavour, root):
    assert _location(flavour(root, "weights", "part 1.bin"), flavour(root)) == "weights/part 1.bin"


def test_wrong_weights(tmp_path):
    path, weights = tmp_path / "pooler.onnx", tmp_path / "pooler.weights"
    save_with_weights(path)
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1])
    with pytest.raises(UpgradeError, match=r"pooler.weights are cut off: 16383 bytes, at least 16384"):
        inspect(path)
    weights.unlink()
    with pytest.raises(UpgradeError, match=r"there is no file .*pooler.weights; copy it next to the model"):
        inspect(path)
    model = onnx.load(path, load_external_data=False)
    for entry in model.graph.initializer[-1].external_data:
        if entry.key == "location":
            entry.value = "../pooler.weights"
    (tmp_path / "sub").mkdir()
    onnx.save(model, tmp_path / "sub" / "pooler.onnx")
    weights.write_bytes(whole)
    with pytest.raises(UpgradeError, match="outside of the folder"):
        inspect(tmp_path / "sub" / "pooler.onnx")


def test_a_copy_over_the_original(tmp_path):
    path = tmp_path / "pooler.onnx"
    model = save_with_weights(path)
    upgrade_file(path, path, Choices())
    np.testing.assert_allclose(
        run(onnx.load(path), feeds(model)), run(model, feeds(model), plugin=False), atol=1e-5
    )
