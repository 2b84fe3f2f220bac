"""The device strings of older releases, mapped to the devices that this machine has."""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .._errors import UnsupportedError
from .._model import devices

if TYPE_CHECKING:
    from .. import types

VENDORS = ("amd", "nvidia", "intel")

# What older releases called a backend, and what llama.cpp calls those that do its work today.
_FAMILIES: Mapping[str, Sequence[str]] = {
    "kompute": ("vulkan", "kompute"),
    "vulkan": ("vulkan",),
    "cuda": ("cuda", "rocm", "hip", "musa"),
    "metal": ("metal", "mtl"),
}


class DeviceError(UnsupportedError, ValueError):
    """There is no device of that name on this machine, or it has too little memory."""


def family(backend: str) -> str:
    """The name under which programs know one of llama.cpp's backends, such as "cuda" for "CUDA"."""
    name = backend.lower()
    for known, members in _FAMILIES.items():
        if known != "kompute" and name.startswith(tuple(members)):
            return known
    return name


def gpus(found: types.DevicesResult | None = None, mem_required: int = 0) -> list[Mapping[str, Any]]:
    """The GPUs of this machine with at least `mem_required` bytes of memory, the best first."""
    listed = (devices() if found is None else found)["devices"]
    return [each for each in listed if each["type"] in ("gpu", "igpu") and each["memory_total"] >= mem_required]


def gpu_names(mem_required: int = 0, found: types.DevicesResult | None = None) -> list[str]:
    """Names for the `device` parameter, such as "cuda:NVIDIA H200". Empty where there is no GPU."""
    return [f"{family(each['backend'])}:{each['description']}" for each in gpus(found, mem_required)]


def device_option(wanted: str | None, found: types.DevicesResult | None = None) -> str:
    """The C API's `device` for what older programs pass: None, "cpu", "gpu", a vendor, a backend, "backend:name", or
    a name.

    found: what devices() tells, if that is known. Raises DeviceError (a ValueError) for a device that is not there.
    """
    if wanted is None or wanted == "auto":
        return "auto"
    if wanted == "cpu":
        return "cpu"
    if sys.platform == "darwin" and (platform.machine() != "arm64" or wanted not in ("gpu", "metal")):
        raise DeviceError(f"Unknown device for this platform: {wanted}")
    there = gpus(found)
    for each in there:
        if _fits(wanted, each):
            return str(each["name"])
    raise DeviceError(
        f"Unable to initialize model on GPU: {wanted!r}\nAvailable GPUs: {gpu_names(0, found)}",
        {"device": wanted, "available": gpu_names(0, found)},
    )


def _fits(wanted: str, device: Mapping[str, Any]) -> bool:
    prefix, colon, name = wanted.partition(":")
    if colon and prefix in _FAMILIES:
        return _of_family(prefix, device) and (name == "gpu" or _named(name, device))
    if wanted == "gpu":
        return True
    if wanted in VENDORS:
        return wanted in f"{device['description']} {device['name']}".lower() or _vendor_of(device) == wanted
    if wanted in _FAMILIES:
        return _of_family(wanted, device)
    return _named(wanted, device)


def _of_family(wanted: str, device: Mapping[str, Any]) -> bool:
    return str(device["backend"]).lower().startswith(tuple(_FAMILIES[wanted]))


def _vendor_of(device: Mapping[str, Any]) -> str | None:
    """The vendor that a description implies without naming it."""
    text = str(device["description"]).lower()
    marks = {"nvidia": ("geforce", "tesla", "quadro"), "amd": ("radeon",), "intel": ("arc(tm)", "iris", "uhd graphics")}
    return next((vendor for vendor, words in marks.items() if any(word in text for word in words)), None)


def _named(wanted: str, device: Mapping[str, Any]) -> bool:
    return wanted.lower() in (str(device["description"]).lower(), str(device["name"]).lower())
