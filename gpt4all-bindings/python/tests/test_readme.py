"""The examples of the README run, in their order, with the models that they name or small ones in their place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conftest import PYTHON, TINY_MODELS
from gpt4all.gpt4all import DEFAULT_MODEL
from test_tools import TEMPLATE

HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
EXAMPLE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)

# Need models that tests do not download.
ELSEWHERE = {"Models", "Programs of the old package"}

TOOL_MODEL = 'GPT4All("Qwen3-0.6B-Q8_0.gguf")'


def examples() -> dict[str, str]:
    """The Python of each section that has any."""
    titles = HEADING.split((PYTHON / "README.md").read_text(encoding="utf-8"))
    sections = dict(zip(titles[1::2], titles[2::2], strict=True))
    found = {title: "\n".join(EXAMPLE.findall(text)) for title, text in sections.items()}
    return {title: code for title, code in found.items() if code and title not in ELSEWHERE}


def test_there_are_examples() -> None:
    assert {"First example", "Answers that are objects", "Tools", "Conversations", "asyncio"} <= set(examples())


@pytest.mark.parametrize("title", examples())
@pytest.mark.timeout(400)
def test_example(
    title: str,
    smollm2_path: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = examples()[title].replace(f'"{DEFAULT_MODEL}"', repr(str(smollm2_path)))
    if TOOL_MODEL in code:
        tiny = str(TINY_MODELS / "tiny-llama-f32.gguf")
        code = code.replace(TOOL_MODEL, f"GPT4All({tiny!r}, n_ctx=4096, chat_template={TEMPLATE!r})")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, title, "exec", dont_inherit=True), {"__name__": "__main__"})
    assert capsys.readouterr().out.strip()
