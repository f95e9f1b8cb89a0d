"""Replicas and nodes that are killed under load, on a Ray cluster of three nodes on this machine."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import ray
from load import Report, load
from ray import serve
from ray.cluster_utils import Cluster
from service import Settings, build
from start import HERE
from support import expected, free_port, replicas

_NODE = {"object_store_memory": 80 << 20}
_AT, _BACK_BY, _END = 4, 14, 20  # seconds since the load began


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A head that runs the proxy and no replica, and two nodes with room for one replica each."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **_NODE})
    for _ in range(2):
        cluster.add_node(num_cpus=1, **_NODE)
    ray.init(cluster.address, runtime_env={"env_vars": {"PYTHONPATH": str(HERE)}}, log_to_driver=False)
    yield cluster
    serve.shutdown()
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture(scope="module")
def spread(cluster) -> str:
    """The address of a service of one replica on each of the two nodes."""
    port = free_port()
    serve.start(proxy_location="HeadOnly", http_options={"host": "127.0.0.1", "port": port})
    serve.run(build(Settings(min_replicas=2, max_replicas=2, max_replicas_per_node=1)))
    return f"http://127.0.0.1:{port}"


def load_with(disaster: Callable[[], object], address: str, sample: bytes, detector) -> Report:
    """Have the disaster come in the middle of a load."""
    pictures = [(sample, expected(detector, sample))]
    with ThreadPoolExecutor(1) as thread:
        under_way = thread.submit(asyncio.run, load(address, pictures, workers=8, seconds=_END, patience=30))
        time.sleep(_AT)
        disaster()
        return under_way.result()


def assert_came_back(report: Report) -> None:
    assert report.wrong == 0 and report.given_up == 0
    assert max(report.latencies) < _BACK_BY - _AT
    assert not [at for at in report.failed_at if at > _BACK_BY], report.statuses
    before = sum(at < _AT for at in report.answered_at) / _AT
    after = sum(_BACK_BY < at < _END for at in report.answered_at) / (_END - _BACK_BY)
    assert after > 0.5 * before > 0


def test_a_replica_is_killed(spread, sample, detector):
    victim = replicas()[0]
    report = load_with(victim.kill, spread, sample, detector)
    assert_came_back(report)
    assert len(replicas()) == 2 and victim.pid not in [replica.pid for replica in replicas()]


def test_a_node_is_killed(cluster, spread, sample, detector):
    assert len({node["NodeID"] for node in ray.nodes() if node["Alive"]}) == 3

    def kill() -> None:
        cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
        cluster.add_node(num_cpus=1, **_NODE)

    report = load_with(kill, spread, sample, detector)
    assert_came_back(report)
    assert len(replicas()) == 2
