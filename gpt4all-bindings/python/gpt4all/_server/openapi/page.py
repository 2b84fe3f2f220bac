"""GET /docs: all APIs for a reader, who can try them. What the page needs comes from this server, as its own scripts
and styles may only do."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files

from fastapi import APIRouter
from starlette.responses import Response

PATH = "/docs"
NEEDED = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}
"""Files of Swagger UI, which a package brings, and their types."""

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>GPT4All</title>
<link rel="icon" href="docs/favicon-32x32.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
# Without a validator, which would be asked on the internet; nor may a link choose another document.
START = """\
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "list",
  queryConfigEnabled: false,
  validatorUrl: null,
});
"""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
PATHS = frozenset({PATH, "/openapi.json", *(f"{PATH}/{name}" for name in ("start.js", *NEEDED))})
"""What can be read without a key, which a browser could not send: it is the same for everybody."""


def routes() -> APIRouter:
    """The path operations, which are none of the APIs'."""
    router = APIRouter(include_in_schema=False)
    folder = files("fastapi_swagger") / "resources"

    def add(path: str, kind: str, read: Callable[[], bytes]) -> None:
        def file() -> Response:
            return Response(read(), media_type=kind, headers=HEADERS)

        router.add_api_route(path, file)

    add(PATH, "text/html", PAGE.encode)
    add(f"{PATH}/start.js", "text/javascript", START.encode)
    for name, kind in NEEDED.items():
        add(f"{PATH}/{name}", kind, (folder / name).read_bytes)
    return router
