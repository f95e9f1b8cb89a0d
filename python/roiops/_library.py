"""Where the operator libraries are, what is in them, and how a session gets them."""

from __future__ import annotations

import ctypes
import importlib.metadata
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roiops._extras import missing

if TYPE_CHECKING:
    import onnxruntime

_REGISTERED = "roiops.registered"  # session config entry: ONNX Runtime cannot be asked what is registered
_FILE_NAMES = {"win32": "{}.dll", "darwin": "lib{}.dylib"}


def get_library_path(override_standard: bool = False, *, mmdeploy: bool = False) -> str:
    """Return the absolute path of an operator library, for C++, C#, Java, Triton or ``register``.

    Args:
        override_standard: return the library that replaces standard ``RoiAlign`` nodes (opset >= 16).
        mmdeploy: return the library of the domains ``mmdeploy`` and ``mmcv``.

    Raises:
        ValueError: both are asked for; each is a library of its own.
        FileNotFoundError: the installed package has no such library.
    """
    if override_standard and mmdeploy:
        raise ValueError(
            "mmdeploy: expected False with override_standard, which is another library, got True"
        )
    library = "roiops_override" if override_standard else "roiops_mmdeploy" if mmdeploy else "roiops"
    file_name = _FILE_NAMES.get(sys.platform, "lib{}.so")
    relative = Path("roiops", "lib", file_name.format(library))
    beside = Path(__file__).resolve().parents[1] / relative
    if beside.is_file():
        return str(beside)
    installed = _installed(relative)
    if installed is not None and installed.is_file():
        return str(installed)
    raise FileNotFoundError(f"roiops: {relative} is not installed (looked at {beside} and {installed})")


def register(
    session_options: onnxruntime.SessionOptions, override_standard: bool = False, *, mmdeploy: bool = False
) -> onnxruntime.SessionOptions:
    """Make the operators known to every session created with these options.

    Args:
        session_options: the options; changed in place.
        override_standard: also run standard ``RoiAlign`` nodes (opset 16 and newer) on our kernel.
        mmdeploy: also run the operators of the domains ``mmdeploy`` and ``mmcv``, which mmdeploy's own
            library must then not have registered.

    Returns:
        ``session_options``.

    Raises:
        TypeError: not session options.
        ValueError: the options already have the operators; or ``override_standard`` where this build has no
            CUDA kernels and onnxruntime has the CUDA provider, whose sessions would fail.
        FileNotFoundError: the library is not installed.
    """
    onnxruntime = import_onnxruntime()
    if not isinstance(session_options, onnxruntime.SessionOptions):
        raise TypeError(
            f"session_options: expected onnxruntime.SessionOptions, got {type(session_options).__name__}"
        )
    if _is_registered(session_options):
        raise ValueError("session_options: roiops is already registered with these options; register once")
    if override_standard and not build_info()["cuda_architectures"]:
        _refuse_beside_cuda(onnxruntime)
    paths = [get_library_path()]
    if override_standard:
        paths.append(get_library_path(override_standard=True))
    if mmdeploy:
        paths.append(get_library_path(mmdeploy=True))
    for path in paths:
        session_options.register_custom_ops_library(path)
    session_options.add_session_config_entry(_REGISTERED, "1")
    return session_options


def build_info() -> dict[str, Any]:
    """Return what the library says about itself: version, compiler, instruction sets, CUDA architectures."""
    describe = ctypes.CDLL(get_library_path()).RoiOpsBuildInfo
    describe.restype = ctypes.c_char_p
    return json.loads(describe().decode())


def import_onnxruntime() -> Any:
    """Import onnxruntime, or say which extra brings it."""
    try:
        import onnxruntime
    except ImportError as error:
        raise missing("onnxruntime", "roiops", "cpu", "gpu") from error
    return onnxruntime


def _installed(relative: Path) -> Path | None:
    # In an editable install the sources stay in the checkout and only the libraries are in site-packages.
    try:
        return Path(str(importlib.metadata.distribution("roiops").locate_file(relative))).resolve()
    except importlib.metadata.PackageNotFoundError:
        return None


def _refuse_beside_cuda(onnxruntime: Any) -> None:
    # Which providers a session will have is not known yet.
    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        raise ValueError(
            "override_standard: this build of roiops lacks CUDA kernels, so sessions with the CUDA provider, "
            "which this onnxruntime has, could not run standard RoiAlign nodes; build roiops where nvcc is "
            "found, or use the package onnxruntime instead of onnxruntime-gpu"
        )


def _is_registered(session_options: onnxruntime.SessionOptions) -> bool:
    try:
        return session_options.get_session_config_entry(_REGISTERED) == "1"
    except RuntimeError:
        return False
