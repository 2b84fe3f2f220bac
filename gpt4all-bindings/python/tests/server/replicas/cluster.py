"""A Ray cluster of two nodes on this machine, which only it can reach, and the server's application on it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from conftest import PYTHON

KEY = "sk-gpt4all-of-a-test"
SECONDS = 180
NODES = ("127.0.0.2", "127.0.0.3")
"""Not 127.0.0.1, for which Ray takes an address that others can reach."""
LOOPBACK = "127.0.0.1"
# Numbers of requests are reported, and looked at, often enough for a test.
QUICKLY = {"metrics_interval_s": 0.2, "look_back_period_s": 1.0, "upscale_delay_s": 0.5, "downscale_delay_s": 2.0}
VARIABLES = {
    "RAY_AUTH_MODE": "token",
    "RAY_USAGE_STATS_ENABLED": "0",
    # On a busy machine, other programs would go before it by default, and a proxy takes its time to start.
    "RAY_worker_niceness": "0",
    "RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S": "60",
    "RAY_SERVE_PROXY_HEALTH_CHECK_TIMEOUT_S": "60",
    "RAY_SERVE_HANDLE_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "0.2",
    "RAY_SERVE_REPLICA_AUTOSCALING_METRIC_PUSH_INTERVAL_S": "0.2",
}


@dataclass(frozen=True)
class Cluster:
    """A running one.

    address: for Ray's clients. folder: where Ray writes. marker: in the environment of its processes. port: of HTTP.
    """

    address: str
    folder: Path
    marker: str
    port: int

    def processes(self, name: str) -> list[int]:
        """Those whose title begins so."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                title = (folder / "cmdline").read_bytes().decode("utf-8", "replace")
                if title.startswith(name) and self.marker.encode() in (folder / "environ").read_bytes():
                    found.append(int(folder.name))
        return found

    def replicas(self) -> list[int]:
        """The processes of replicas."""
        return self.processes("ray::ServeReplica")


@dataclass(frozen=True)
class Deployed:
    """The application, as its clients see it. address: without a slash at its end. name: Ray's."""

    address: str
    cluster: Cluster
    name: str

    def get(self, path: str, **options: Any) -> requests.Response:
        options.setdefault("headers", {"Authorization": f"Bearer {KEY}"})
        return requests.get(self.address + path, timeout=60, **options)

    def post(self, path: str, body: Any, **options: Any) -> requests.Response:
        options.setdefault("headers", {"Authorization": f"Bearer {KEY}"})
        return requests.post(self.address + path, json=body, timeout=60, **options)

    def ready(self) -> int:
        """How many replicas answer."""
        from ray import serve

        (deployment,) = serve.status().applications[self.name].deployments.values()
        return int(deployment.replica_states.get("RUNNING", 0))


def until(what: Callable[[], bool], why: str) -> None:
    """Waits, and fails after a while."""
    end = time.monotonic() + SECONDS
    while not what():
        assert time.monotonic() < end, why
        time.sleep(0.1)


def free_port() -> int:
    """One that nobody listens on."""
    with socket.socket() as made:
        made.bind((LOOPBACK, 0))
        return int(made.getsockname()[1])


def metric(text: str, name: str) -> float:
    """The value in a page of metrics; 0 if it is not there."""
    found = re.search(rf"^{name}(?:{{.*}})? ([0-9.e+]+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


@contextlib.contextmanager
def cluster(store: Path) -> Iterator[Cluster]:
    """Two nodes with one processor each, as they believe: a replica that needs one has a node of its own.

    store: where models are.
    """
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))  # the paths of Unix sockets are short
    marker = secrets.token_hex(16)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in VARIABLES.items():
            patch.setenv(name, value)
        patch.setenv("RAY_AUTH_TOKEN", marker)
        patch.setenv("RAY_TMPDIR", str(folder))
        patch.setenv("GPT4ALL_CACHE", str(store))
        patch.setenv("GPT4ALL_OFFLINE", "1")
        patch.setenv("PYTHONPATH", str(PYTHON))
        import ray
        from ray import serve
        from ray.cluster_utils import Cluster as LocalCluster

        made = LocalCluster()
        try:
            for address in NODES:
                made.add_node(num_cpus=1, include_dashboard=False, node_ip_address=address)
            ray.init(made.address, namespace="serve", log_to_driver=False)
            port = free_port()
            # Not a proxy on each node, since both have the same ports.
            with contextlib.suppress(TimeoutError):  # on a busy machine, the proxy is there later
                serve.start(proxy_location="HeadOnly", http_options={"host": LOOPBACK, "port": port})
            yield Cluster(made.address, folder, marker, port)
            serve.shutdown()
        finally:
            ray.shutdown()
            made.shutdown()
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def deployed(cluster: Cluster, **arguments: Any) -> Iterator[Deployed]:
    """The application with these arguments, from a file as `serve build` writes it."""
    from ray import serve

    # Proxies keep the router of a name, also for the next application that has it.
    name = secrets.token_hex(4)
    (cluster.folder / "keys.txt").write_text(f"{KEY}\n", encoding="utf-8")
    arguments = {"api_key_file": str(cluster.folder / "keys.txt"), **arguments}
    told = {
        "proxy_location": "HeadOnly",
        "http_options": {"host": LOOPBACK, "port": cluster.port},
        "applications": [{"name": name, "route_prefix": "/", "import_path": "gpt4all.ray:app", "args": arguments}],
    }
    file = cluster.folder / "serve.yaml"
    file.write_text(json.dumps(told), encoding="utf-8")  # which is YAML, too
    command = [sys.executable, "-m", "ray.serve.scripts", "run", "--address", cluster.address, str(file)]
    log, address = cluster.folder / "serve.log", f"http://{LOOPBACK}:{cluster.port}"
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=os.environ)
    try:
        try:
            until(lambda: _running(process, name), "the application does not come up")
            until(lambda: _answers(address), "the proxy does not come up")
        except BaseException as error:
            raise AssertionError(f"{error}: {serve.status()}\n{log.read_text(encoding='utf-8')[-3000:]}") from error
        yield Deployed(address, cluster, name)
    finally:
        process.terminate()
        process.wait(SECONDS)
        serve.delete(name)


def _answers(address: str) -> bool:
    with contextlib.suppress(requests.ConnectionError):
        return requests.get(f"{address}/ready", timeout=60).status_code == 200
    return False


def _running(process: subprocess.Popen[bytes], name: str) -> bool:
    from ray import serve

    assert process.poll() is None
    application = serve.status().applications.get(name)
    assert application is None or application.status != "DEPLOY_FAILED", application
    return application is not None and application.status == "RUNNING"
