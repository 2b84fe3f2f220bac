"""Checks of texts: what GitHub reads, and the spelling of prose, which is British; names are as in the C API."""

from __future__ import annotations

import io
import re
import subprocess
import tokenize
from collections.abc import Iterator, Mapping
from pathlib import Path

from ci.common import BUILD, ROOT
from ci.files import our_files, output_of

PROSE = BUILD / "prose"
# By check-jsonschema's own names of schemas, so that nothing is fetched.
SCHEMAS: Mapping[str, tuple[str, ...]] = {
    "vendor.dependabot": (".github/dependabot.yml",),
    "vendor.github-issue-config": (".github/ISSUE_TEMPLATE/config.yml",),
    "vendor.github-issue-forms": (".github/ISSUE_TEMPLATE/*.yml", ":(exclude).github/ISSUE_TEMPLATE/config.yml"),
    "vendor.github-workflows": (".github/workflows/*.yml",),
}
# American words that codespell's list of British ones gives back and that are right in British English, too.
BOTH = ("check", "checks", "disk", "disks", "draft", "license", "licensed", "meter", "meters", "program", "programs")
AMERICAN = "quantized->quantised\nquantizer->quantiser\nquantizes->quantises\nquantizing->quantising\n"
# Names of things that are spelt so, in other languages and programs.
NAMES = (
    "authorization", "finalize", "initialize", "normalize", "sanitizer", "sanitizers", "seperator", "synchronized",
    "temprature", "unter", "writable",
)  # fmt: skip


def check_workflows(python: str) -> str:
    """Whether the YAML files in .github are what GitHub expects."""
    wrong = []
    for schema, patterns in SCHEMAS.items():
        names = our_files(*patterns)
        command = [python, "-m", "check_jsonschema", "--builtin-schema", schema, *names]
        wrong.append(output_of(command) if names else f"there is no {patterns[0]}")
    return "\n".join(filter(None, wrong))


def _blank(text: str) -> str:
    """As many lines as a text has, and nothing in them."""
    return "\n" * text.count("\n")


def prose_of_markdown(text: str) -> str:
    """Markdown less code, addresses and HTML, on the same lines."""
    text = re.sub(r"^( *)(```|~~~).*?^\1\2$", lambda code: _blank(code[0]), text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"<!--.*?-->", lambda comment: _blank(comment[0]), text, flags=re.DOTALL)
    return re.sub(r"`[^`]*`|\]\([^)]*\)|<[^>]*>|https?://\S+", lambda part: _blank(part[0]), text)


def prose_of_python(text: str) -> str:
    """Comments and docstrings of a Python file, on the same lines."""
    lines = [""] * (text.count("\n") + 2)
    before = tokenize.NEWLINE
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        docstring = token.type == tokenize.STRING and before in (tokenize.NEWLINE, tokenize.INDENT, tokenize.NL)
        if token.type == tokenize.COMMENT or docstring:
            for number, line in enumerate(token.string.splitlines(), token.start[0]):
                lines[number - 1] += f" {line}"
        if token.type != tokenize.COMMENT:
            before = token.type
    return re.sub(r"`[^`]*`", lambda code: _blank(code[0]), "\n".join(lines))


def prose_of_c(text: str) -> str:
    """Comments of a C or C++ file, on the same lines."""
    pattern = r'"(?:\\.|[^"\\\n])*"|(//[^\n]*|/\*.*?\*/)|[^"/\n]+|.'
    parts = re.sub(pattern, lambda part: part[1] or _blank(part[0]), text, flags=re.DOTALL)
    return re.sub(r"`[^`]*`", lambda code: _blank(code[0]), parts)


def _proses() -> Iterator[tuple[str, str]]:
    readers = {".md": prose_of_markdown, ".py": prose_of_python, ".c": prose_of_c, ".cpp": prose_of_c, ".h": prose_of_c}
    for name in our_files("*.md", "*.py", "*.c", "*.cpp", "*.h"):
        yield name, readers[Path(name).suffix]((ROOT / name).read_text(encoding="utf-8"))


def american(python: str) -> str:
    """A dictionary for codespell that takes American words for misspelt British ones: its own, the other way round."""
    code = "import codespell_lib; print(codespell_lib.__path__[0])"
    where = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    text = Path(where, "data", "dictionary_en-GB_to_en-US.txt").read_text(encoding="utf-8")
    rows: dict[str, list[str]] = {}
    for british, _, words in (line.partition("->") for line in text.splitlines()):
        for word in filter(None, (each.strip() for each in words.split(","))):
            rows.setdefault(word, []).append(british)
    return "\n".join(f"{word}->{', '.join(into)}" for word, into in rows.items() if word not in BOTH) + f"\n{AMERICAN}"


def check_spelling(python: str) -> str:
    """Misspelt and American words in documentation, comments and docstrings."""
    PROSE.mkdir(parents=True, exist_ok=True)
    dictionary = PROSE / "american.txt"
    dictionary.write_text(american(python), encoding="utf-8")
    names = []
    for number, (name, prose) in enumerate(_proses()):
        path = PROSE / str(number)
        path.write_text(prose, encoding="utf-8")
        names.append((f"{path.relative_to(ROOT)}:", f"{name}:"))
    files = [written.removesuffix(":") for written, _ in names]
    command = [python, "-m", "codespell_lib", "--dictionary", "-", "--dictionary", str(dictionary)]
    command += ["--ignore-words-list", ",".join(NAMES), *files]
    text = output_of(command)
    for written, name in names:
        text = text.replace(written, name)
    return text
