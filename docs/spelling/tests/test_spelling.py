"""What counts as prose, and that what is misspelt in it is found."""

from __future__ import annotations

from pathlib import Path

import pytest
from spelling import misspelt, our_files, prose

WRONG = {
    "a.md": "# Colors\n\nThe `color` of [colors](color.md), and\n\n```python\ncolor = 1\n```\n\nteh behavior.\n",
    "a.py": '''"""A color."""

color = {"color": 1}  # its behavior
print(f"the {color} is no favorite of {color}", "color", "a_color is a name here")
''',
    "a.cpp": """/** A color. */
int color = 1; // its behavior, not `color`
const char *text = "the color of it all", *key = "color";
""",
    "a.schema.json": '{"color": {"description": "A color."}}',
    "tests/a.py": 'text = "the color of what a model says"  # a color\n',
}
FOUND = {
    "a.md": ["1: Colors", "3: colors", "9: behavior", "9: teh"],
    "a.py": ["1: color", "3: behavior", "4: favorite"],
    "a.cpp": ["1: color", "2: behavior", "3: color"],
    "a.schema.json": ["1: color"],
    "tests/a.py": ["1: color"],
}


@pytest.mark.parametrize("name", WRONG)
def test_prose_is_read_and_nothing_else(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(WRONG[name], encoding="utf-8")
    found = misspelt(tmp_path, [name])
    assert [": ".join(line.split(":", 1)[1].split(": ")[:2]) for line in found] == FOUND[name]


@pytest.mark.parametrize("name", WRONG)
def test_lines_stay_where_they_are(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(WRONG[name], encoding="utf-8")
    assert prose(tmp_path / name).count("\n") <= WRONG[name].count("\n")


def test_names_are_as_the_api_has_them(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(
        "`gpt4all quantize` quantises; quantize() is its name, and a licence is a license.\n"
    )
    assert misspelt(tmp_path, ["a.md"]) == []


def test_all_of_the_repository_is_read() -> None:
    names = our_files(Path(__file__).resolve().parents[3])
    assert {"README.md", "gpt4all-backend/include/llmodel.h", "docs/spelling/spelling.py"} <= set(names)
    assert len(names) > 300
