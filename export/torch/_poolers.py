"""Poolers over several feature maps, made to export as one node."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from torch import nn

from roiops.export.torch._forwards import detectron2_forward, mmdet_forward, torchvision_forward

_FORWARDS = {
    "MultiScaleRoIAlign": torchvision_forward,
    "ROIPooler": detectron2_forward,
    "SingleRoIExtractor": mmdet_forward,
}


@contextmanager
def fused_poolers(model: nn.Module) -> Iterator[list[str]]:
    """Let the multi-level poolers of a model be exported as one ``roiops::MultiScaleRoiAlign`` node each.

    Inside the ``with`` block each pooler calls our operators; afterwards it is what it was. Poolers are
    torchvision's ``MultiScaleRoIAlign``, Detectron2's ``ROIPooler`` and mmdetection's ``SingleRoIExtractor``,
    known by the name of the class that defines ``forward``. The exporter needs `translation_table` or
    `register_symbolics` as well.

    Args:
        model: a module that is a pooler or holds some, at any depth.

    Yields:
        The names of the poolers, as ``model.named_modules()`` has them.

    Raises:
        TypeError: ``model`` is not a module.
        ValueError: the model has no pooler, or one that cannot be a single node; the message has its name.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model: expected a torch.nn.Module, got {type(model).__name__}")
    poolers = {name: module for name, module in model.named_modules() if _kind(module) in _FORWARDS}
    if not poolers:
        raise ValueError(
            f"model: expected a module with a pooler ({', '.join(_FORWARDS)}), got a {type(model).__name__}"
        )
    with ExitStack() as stack:
        for name, module in poolers.items():
            forward = _FORWARDS[_kind(module)](module, name or _kind(module))
            stack.enter_context(_replaced_forward(module, forward))
        yield list(poolers)


def _kind(module: nn.Module) -> str:
    # Not the class itself: a subclass with a forward of its own computes something else.
    return next(owner.__name__ for owner in type(module).__mro__ if "forward" in vars(owner))


@contextmanager
def _replaced_forward(module: nn.Module, forward: Callable) -> Iterator[None]:
    previous = vars(module).get("forward")
    module.forward = forward
    try:
        yield
    finally:
        if previous is None:
            del module.forward
        else:
            module.forward = previous
