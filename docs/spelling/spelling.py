"""Whether prose is spelt, and as British English has it: documentation, comments, messages, descriptions in schemas.

Names are not prose: they are spelt as the C API has them (`quantize`, `license`). So code is blanked out, be it a block
or between backticks, and the rest goes to the program `typos`, with the words of typos.toml.

Usage: python spelling.py [FILE ...]
"""

from __future__ import annotations

import argparse
import ast
import io
import json
import re
import subprocess
import sys
import tempfile
import tokenize
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Code, addresses and what HTML has between its angles, in any kind of prose.
_CODE = re.compile(
    r"```.*?```|`[^`\n]+`|https?://[^\s)>\"]+|<[^>\n]+>|\]\([^)\n]+\)|\[gpt4all[\w.]*\]|\w*_\w+|[\w-]+\.(?:bin|gguf)\b",
    re.DOTALL,
)
_C = re.compile(r'(?P<text>"(?:[^"\\\n]|\\.)*")|(?P<comment>/\*.*?\*/|//[^\n]*)', re.DOTALL)
# Folders whose texts in quotation marks are answers of models, wrong input, or code of another language.
_WITH_CODE_IN_TEXTS = ("/tests/", "/emitters/", "/renderings/expressions.py")
_DESCRIPTION = re.compile(r'"(?:description|title)": ("(?:[^"\\\n]|\\.)*")')


def _blank(text: str) -> str:
    """As many lines of nothing."""
    return "\n" * text.count("\n")


def _keep(text: str, spans: list[tuple[int, int]]) -> str:
    """The text with nothing left of its lines but those spans of characters."""
    kept, end = [], 0
    for begin, stop in sorted(spans):
        kept += [_blank(text[end:begin]), " ", text[begin:stop]]
        end = stop
    return "".join(kept)


def _of_python(text: str, path: str) -> str:
    """Comments and docstrings, and texts of several words, but for what is put into them."""
    lines = [0, *(match.end() for match in re.finditer("\n", text))]
    docstrings = {
        (each.body[0].lineno, each.body[0].col_offset)
        for each in ast.walk(ast.parse(text))
        if isinstance(each, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and ast.get_docstring(each) is not None
    }
    texts = {tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
    spans = [
        (lines[token.start[0] - 1] + token.start[1], lines[token.end[0] - 1] + token.end[1])
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.COMMENT
        or token.start in docstrings
        or (token.type in texts and _is_sentence(token.string, path))
    ]
    return re.sub(r"\{[^{}\n]*\}", " ", _keep(text, spans))


def _of_c(text: str, path: str) -> str:
    """Comments, and texts of several words."""
    found = [match for match in _C.finditer(text) if match["comment"] or _is_sentence(match["text"], path)]
    return _keep(text, [match.span() for match in found])


def _of_schema(text: str, _: str) -> str:
    return _keep(text, [match.span(1) for match in _DESCRIPTION.finditer(text)])


def _of_markdown(text: str, _: str) -> str:
    return text


def _is_sentence(text: str, path: str) -> bool:
    return text.count(" ") > 2 and not any(folder in path for folder in _WITH_CODE_IN_TEXTS)


_PROSE: dict[str, Callable[[str, str], str]] = {
    ".md": _of_markdown,
    ".py": _of_python,
    ".c": _of_c,
    ".cpp": _of_c,
    ".h": _of_c,
    ".schema.json": _of_schema,
}
_PATTERNS = tuple(f"*{ending}" for ending in _PROSE)


def prose(path: Path) -> str:
    """The prose of a file, each word on the line that it has there."""
    text = path.read_text(encoding="utf-8")
    ending = next(ending for ending in _PROSE if path.name.endswith(ending))
    return _CODE.sub(lambda found: " " + _blank(found[0]), _PROSE[ending](text, path.as_posix()))


def misspelt(root: Path, names: list[str]) -> list[str]:
    """What is misspelt in these files of the folder `root`, a line each. Raises RuntimeError if typos does not run."""
    with tempfile.TemporaryDirectory() as scratch:
        for name in names:
            copy = Path(scratch, name + ".txt")
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(prose(root / name), encoding="utf-8")
        command = [_program(), "--config", str(HERE / "typos.toml"), "--format", "json", "."]
        done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)
    found = [each for each in map(json.loads, done.stdout.splitlines()) if each["type"] == "typo"]
    if done.returncode != (2 if found else 0):
        raise RuntimeError(f"typos ended with {done.returncode}: {done.stderr.strip()}")
    return sorted(
        f"{each['path'].removeprefix('./').removesuffix('.txt')}:{each['line_num']}: {each['typo']}: "
        f"{' or '.join(each['corrections'])}?"
        for each in found
    )


def _program() -> str:
    """The program of the package `typos`, of this Python if that has it."""
    beside = Path(sys.executable).with_name("typos")
    return str(beside) if beside.exists() else "typos"


def our_files(root: Path) -> list[str]:
    """Every file of the repository with prose in it, committed or new."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *_PATTERNS]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    return sorted(name for name in set(done.stdout.split("\0")) if name and (root / name).is_file())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", metavar="FILE", help="seen from the repository; all if none is named")
    root = HERE.parents[1]
    found = misspelt(root, parser.parse_args().files or our_files(root))
    for line in found:
        print(line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
