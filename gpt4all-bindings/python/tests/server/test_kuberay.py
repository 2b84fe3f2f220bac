"""The manifest for KubeRay and its image: that they fit the code, and each other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from conftest import ROOT
from gpt4all import ray
from gpt4all._server.replicas.arguments import settings_of
from gpt4all.models import find

yaml = pytest.importorskip("yaml", reason="`make test LANES=server` installs it")

PYTHON = ROOT / "gpt4all-bindings" / "python"
SERVICE = PYTHON / "service"
IMAGE = (SERVICE / "ray.Dockerfile").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load((SERVICE / "rayservice.yaml").read_text(encoding="utf-8"))
    return told


@pytest.fixture(scope="module")
def config(manifest: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load(manifest["spec"]["serveConfigV2"])
    return told


@pytest.fixture(scope="module")
def pods(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """The head's, then the workers'."""
    cluster = manifest["spec"]["rayClusterConfig"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    return [group["template"]["spec"] for group in groups]


def arguments(config: dict[str, Any]) -> ray.Arguments:
    (application,) = config["applications"]
    return ray.Arguments.model_validate(application["args"])


def test_the_application_is_there(manifest: dict[str, Any], config: dict[str, Any]) -> None:
    assert (manifest["apiVersion"], manifest["kind"]) == ("ray.io/v1", "RayService")
    module, _, name = config["applications"][0]["import_path"].partition(":")
    assert (module, getattr(ray, name)) == (ray.__name__, ray.app)


def test_its_arguments_are_safe(config: dict[str, Any], tmp_path: Path) -> None:
    """It can be reached from elsewhere, and so does not start without keys."""
    told = arguments(config)
    assert told.host == (config["http_options"]["host"],)
    keys = tmp_path / "keys.txt"
    keys.write_text("secret\n")
    assert settings_of(told.model_copy(update={"api_key_file": keys})).api_keys
    assert all(find(name) is not None for name in told.preload or ())


def test_keys_come_from_a_secret(config: dict[str, Any], pods: list[dict[str, Any]]) -> None:
    """Also for the head, where Ray may build the application."""
    file = arguments(config).api_key_file
    assert file is not None
    for pod in pods:
        mounts = {mount["mountPath"]: mount for mount in pod["containers"][0]["volumeMounts"]}
        mount = mounts[str(file.parent)]
        assert mount["readOnly"] is True
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        assert volumes[mount["name"]]["secret"] == {"secretName": "gpt4all-keys"}


def test_names_are_those_of_the_service(manifest: dict[str, Any], config: dict[str, Any]) -> None:
    """KubeRay derives it from the RayService's."""
    service = f"{manifest['metadata']['name']}-serve-svc"
    assert arguments(config).allowed_hosts == (service, f"{service}.default.svc.cluster.local")


def test_a_replica_fits_a_worker(manifest: dict[str, Any], config: dict[str, Any], pods: list[dict[str, Any]]) -> None:
    told = arguments(config)
    (group,) = manifest["spec"]["rayClusterConfig"]["workerGroupSpecs"]
    assert (group["minReplicas"], group["maxReplicas"]) == (told.min_replicas, told.max_replicas)
    for pod in pods:
        resources = pod["containers"][0]["resources"]
        assert resources["requests"] == resources["limits"]
    cpus, memory = (pods[1]["containers"][0]["resources"]["limits"][name] for name in ("cpu", "memory"))
    assert float(cpus) >= told.num_cpus
    needed = sum(entry.ram_gb for name in told.preload or () if (entry := find(name)))
    assert int(memory.removesuffix("Gi")) > needed
    grace = pods[1]["terminationGracePeriodSeconds"]
    assert grace > settings_of(told.model_copy(update={"host": None, "api_key_file": None})).drain_seconds


def test_pods_have_no_rights(pods: list[dict[str, Any]]) -> None:
    user = re.search(r"^USER (\d+)$", IMAGE, re.MULTILINE)
    assert user is not None
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] == int(user[1])
        for container in (*pod["containers"], *pod.get("initContainers", ())):
            assert container["securityContext"]["allowPrivilegeEscalation"] is False
            assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_models_are_where_they_are_looked_for(config: dict[str, Any], pods: list[dict[str, Any]]) -> None:
    folder = re.search(r"GPT4ALL_CACHE=(\S+)", IMAGE)
    assert folder is not None
    (pull,) = pods[1]["initContainers"]
    assert pull["command"] == ["gpt4all", "pull", *(arguments(config).preload or ())]
    for container in (pull, pods[1]["containers"][0]):
        assert folder[1] in [mount["mountPath"] for mount in container["volumeMounts"]]


def test_the_version_is_one_that_the_package_takes(manifest: dict[str, Any]) -> None:
    version = manifest["spec"]["rayClusterConfig"]["rayVersion"]
    lowest = re.search(r'"ray\[serve\]>=([0-9.]+),<3"', (PYTHON / "pyproject.toml").read_text(encoding="utf-8"))
    assert lowest is not None
    assert [int(part) for part in version.split(".")] >= [int(part) for part in lowest[1].split(".")]
    assert "[ray]" in IMAGE
    assert manifest["spec"]["rayClusterConfig"]["authOptions"] == {"mode": "token"}
