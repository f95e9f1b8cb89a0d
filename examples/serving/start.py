"""Start the service on this machine, send it a picture, and go on serving."""

from __future__ import annotations

import argparse
import contextlib
import os
import threading
from pathlib import Path

import ray
import requests
from ray import serve
from service import Settings, build

from roiops._detector.picture import SAMPLE

HERE = Path(__file__).parent


def start(settings: Settings, port: int = 8000, cores: int | None = None) -> str:
    """Start Ray with so many cores, by default those of the replicas, and the service; return its address."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    ray.init(
        _node_ip_address="127.0.0.1",
        num_cpus=cores or settings.num_cpus * settings.max_replicas,
        object_store_memory=200 << 20,
        include_dashboard=False,
        runtime_env={"env_vars": {"PYTHONPATH": str(HERE)}},
        log_to_driver=False,
    )
    serve.start(http_options={"host": "127.0.0.1", "port": port, "request_timeout_s": 60})
    serve.run(build(settings))
    return f"http://127.0.0.1:{port}"


def stop() -> None:
    """End the service, after the requests that it holds, and Ray."""
    serve.shutdown()
    ray.shutdown()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", help="an ONNX file; default: the detector of roiops demo")
    parser.add_argument("--picture", type=Path, default=SAMPLE)
    parser.add_argument("--replicas", type=int, default=1)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--once", action="store_true", help="end after the picture")
    arguments = parser.parse_args()
    replicas = {"min_replicas": arguments.replicas, "max_replicas": arguments.replicas}
    address = start(Settings(model=arguments.model, **replicas), arguments.port)
    kind = "image/png" if arguments.picture.suffix == ".png" else "image/jpeg"
    reply = requests.post(
        f"{address}/detect",
        data=arguments.picture.read_bytes(),
        headers={"Content-Type": kind},
        timeout=60,
    )
    reply.raise_for_status()
    for found in reply.json()["pictures"][0]["objects"]:
        print(
            f"{found['name']:10} {found['score']:.2f}  " + ", ".join(f"{side:.1f}" for side in found["box"])
        )
    if not arguments.once:
        print(f"{address} has a page to drop pictures on; Ctrl-C ends the service")
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()
    stop()


if __name__ == "__main__":
    main()
