"""The front end's files, as the build leaves them in the folder static beside this file."""

from __future__ import annotations

import mimetypes
import os
from pathlib import Path

from starlette.responses import FileResponse, PlainTextResponse, Response

STATIC = Path(__file__).parent / "static"
INDEX = "index.html"
# Their names carry a hash of their content.
HASHED = "assets/"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
KINDS = {".js": "text/javascript", ".mjs": "text/javascript", ".webmanifest": "application/manifest+json"}
MISSING = (
    "The front end is not built, so that there is only the API here. `make chat` builds it in a checkout; packages "
    "have it.\n"
)


def page(path: str, folder: Path = STATIC) -> Response:
    """The file of that path; for any other path, the page, which looks at the address itself."""
    name = path.lstrip("/")
    file = _file(folder, name) or _file(folder, INDEX)
    if file is None:
        return PlainTextResponse(MISSING, 404, HEADERS)
    hashed = name.startswith(HASHED) and file.name != INDEX
    cache = "public, max-age=31536000, immutable" if hashed else "no-cache"
    kind = KINDS.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return FileResponse(file, media_type=kind, headers={**HEADERS, "Cache-Control": cache})


def _file(folder: Path, name: str) -> Path | None:
    """A file below the folder, whatever the name tries."""
    if not name or "\0" in name or "\\" in name:
        return None
    try:
        path = (folder / name).resolve()
        return path if path.is_relative_to(folder.resolve()) and path.is_file() and os.access(path, os.R_OK) else None
    except (OSError, ValueError):
        return None
