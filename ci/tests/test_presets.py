"""What ci reads from CMakePresets.json."""

from __future__ import annotations

import json

from ci import build, setup
from ci.common import ROOT


def test_every_preset_says_how_long_it_takes_and_needs_only_known_tools() -> None:
    presets = build.read_presets()
    assert {"release", "modules", "tidy", "asan", "tsan"} <= set(presets)
    for preset in presets.values():
        assert preset.minutes > 0
        assert set(preset.tools) <= set(setup.TOOLS)


def test_presets_build_in_folders_of_their_names() -> None:
    written = json.loads((ROOT / "CMakePresets.json").read_text())["configurePresets"]
    assert next(each for each in written if each["name"] == "base")["binaryDir"] == "${sourceDir}/build/${presetName}"
    assert str(build.directory("release")) == str(ROOT / "build" / "release")
