"""The front end of the chat application: its npm packages, and its build into the Python package."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess

from ci.common import BUILD, ROOT, Failure, NoNetwork, file_lock, say
from ci.setup import Tool, ensure_tools
from ci.steps import run_logged, tail

FRONT_END = ROOT / "gpt4all-chat"
STATIC = ROOT / "gpt4all-bindings" / "python" / "gpt4all" / "_app" / "static"
NEEDED = (20, 19)  # the oldest Node that Vite supports
LOGS = BUILD / "logs"
UNREACHABLE = re.compile(r"ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|network|code E\d{3}")


def has_node() -> bool:
    """Whether Node and npm are there, and new enough."""
    node = shutil.which("node")
    if not node or not shutil.which("npm"):
        return False
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)\.(\d+)", done.stdout)
    return found is not None and (int(found[1]), int(found[2])) >= NEEDED


NODE = Tool("nodejs", has_node, by_hand=f"there is no Node {NEEDED[0]}.{NEEDED[1]} or newer with npm; install it")


def ensure_packages() -> None:
    """Installs what package-lock.json names. Raises MissingTool, or NoNetwork if it cannot be had."""
    ensure_tools([NODE])
    names = ("package.json", "package-lock.json")
    wanted = hashlib.sha256(b"".join(FRONT_END.joinpath(name).read_bytes() for name in names)).hexdigest()
    stamp = FRONT_END / "node_modules" / ".installed"
    with file_lock(BUILD / ".chat.lock", "the npm packages of the front end"):
        if stamp.is_file() and stamp.read_text(encoding="ascii") == wanted:
            return
        say("      installing npm packages")
        log = LOGS / "chat-packages.log"
        log.unlink(missing_ok=True)
        if run_logged(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], log, cwd=FRONT_END) != 0:
            text = f"npm could not install what the front end needs; the end of {log}:\n{tail(log, 6)}"
            raise NoNetwork(text) if UNREACHABLE.search(tail(log, 40)) else Failure(text)
        stamp.write_text(wanted, encoding="ascii")


def build_front_end() -> None:
    """Builds the pages into STATIC, unless they are those of the sources already. Raises MissingTool, NoNetwork or
    Failure if they cannot be built."""
    ensure_packages()
    log, stamp, wanted = LOGS / "chat-build.log", BUILD / ".chat-built", _digest()
    # Never while another lane does, which would find half of the files.
    with file_lock(BUILD / ".chat.lock", "the pages of the front end"):
        if (STATIC / "index.html").is_file() and stamp.is_file() and stamp.read_text(encoding="ascii") == wanted:
            return
        log.unlink(missing_ok=True)
        stamp.unlink(missing_ok=True)
        if run_logged(["node", "node_modules/vite/bin/vite.js", "build"], log, cwd=FRONT_END) != 0:
            raise Failure(f"the front end could not be built; the end of {log}:\n{tail(log)}")
        stamp.write_text(wanted, encoding="ascii")


def _digest() -> str:
    """Of all that the pages are made of."""
    places = [FRONT_END / name for name in ("index.html", "package-lock.json", "svelte.config.js", "vite.config.ts")]
    files = [path for name in ("public", "src") for path in (FRONT_END / name).rglob("*") if path.is_file()]
    made = hashlib.sha256()
    for path in sorted([*places, *files]):
        content = path.read_bytes()
        made.update(f"{path.relative_to(FRONT_END)} {len(content)}\n".encode() + content)
    return made.hexdigest()
