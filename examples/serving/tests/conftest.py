from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator

import pytest
from model import Detector
from service import Settings
from support import service

from roiops._detector.model import MODEL
from roiops._detector.picture import SAMPLE


@pytest.fixture(scope="session", autouse=True)
def ray_environment() -> Iterator[None]:
    """Have Ray write to a folder that is removed, and look at the load often."""
    folder = tempfile.mkdtemp(prefix="ray-")  # sockets lie in it, whose paths must be short
    variables = {
        "RAY_TMPDIR": folder,
        "RAY_AUTH_MODE": "disabled",  # a token would be left in the user's home; all is on this machine
        "RAY_SERVE_HANDLE_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "1",
        "RAY_SERVE_REPLICA_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "1",
        # A node that is gone is noticed in 3 s rather than 15.
        "RAY_health_check_period_ms": "1000",
        "RAY_health_check_timeout_ms": "1000",
        "RAY_health_check_failure_threshold": "3",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def detector() -> Detector:
    return Detector(MODEL)


@pytest.fixture(scope="session")
def sample() -> bytes:
    return SAMPLE.read_bytes()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put tests on a cluster first: ``address`` lasts to the end, and a process is in one Ray at a time."""
    items.sort(key=lambda item: "cluster" not in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """A service of one replica with the default detector, and room for more."""
    with service(Settings(max_bytes=2 << 20, body_timeout_s=2), cores=4) as started:
        yield started
