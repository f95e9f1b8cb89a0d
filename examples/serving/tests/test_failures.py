"""Replicas and nodes that are killed under load, on a Ray cluster of three nodes on this machine."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import ray
import yaml
from load import Report, load
from ray import serve
from ray.cluster_utils import Cluster
from start import HERE
from support import expected, free_port, replicas

_NODE = {"object_store_memory": 80 << 20}
_AT, _BACK_BY, _END = 4, 14, 20  # seconds since the load began


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A head that runs the proxy and no replica, and two nodes with room for one replica each."""
    dashboard = {"include_dashboard": True, "dashboard_port": free_port()}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **dashboard, **_NODE})
    for _ in range(2):
        cluster.add_node(num_cpus=1, **_NODE)
    ray.init(cluster.address, log_to_driver=False)
    yield cluster
    serve.shutdown()
    ray.shutdown()
    cluster.shutdown()


@pytest.fixture(scope="module")
def spread(cluster, tmp_path_factory) -> str:
    """The address of the service of cluster.yaml, with one replica on each of the two nodes."""
    port = free_port()
    config = yaml.safe_load((HERE / "cluster.yaml").read_text())
    config["proxy_location"] = "HeadOnly"  # the nodes share the ports of this machine
    config["http_options"] |= {"host": "127.0.0.1", "port": port}
    (application,) = config["applications"]
    application["runtime_env"]["env_vars"]["PYTHONPATH"] = str(HERE)
    application["args"] |= {"num_cpus": 1, "max_replicas": 2, "max_replicas_per_node": 1}
    file = tmp_path_factory.mktemp("config") / "cluster.yaml"
    file.write_text(yaml.safe_dump(config))
    command = [Path(sys.executable).with_name("serve"), "deploy", file]
    subprocess.run([*command, "--address", f"http://{cluster.head_node.webui_url}"], check=True)
    deadline = time.monotonic() + 60
    while serve.status().applications["default"].status != "RUNNING":
        assert time.monotonic() < deadline, serve.status()
        time.sleep(0.5)
    return f"http://127.0.0.1:{port}"


def load_with(disaster: Callable[[], object], address: str, sample: bytes, detector) -> Report:
    """Have the disaster come in the middle of a load."""
    pictures = [(sample, expected(detector, sample))]
    with ThreadPoolExecutor(1) as thread:
        under_way = thread.submit(asyncio.run, load(address, pictures, workers=8, seconds=_END, patience=30))
        time.sleep(_AT)
        disaster()
        report = under_way.result()
    print(
        dict(report.statuses),
        f"longest {max(report.latencies):.1f} s",
        f"last error at {max(report.failed_at, default=0):.1f} s",
    )
    return report


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
