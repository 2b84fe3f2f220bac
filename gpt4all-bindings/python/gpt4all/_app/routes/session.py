"""POST /session: the token that the program gave becomes a cookie."""

from __future__ import annotations

from fastapi import APIRouter, Response

from ..._server.errors import RequestError
from ..schemas.state import Token
from ..services import Services
from ..sessions import SESSION_SECONDS


def routes(services: Services) -> APIRouter:
    """The path operation."""
    router = APIRouter(tags=["state"])

    @router.post("/session", status_code=204, summary="Begin a session")
    async def begin_session(token: Token, response: Response) -> None:
        cookie = services.sessions.begin(token.token)
        if cookie is None:
            raise RequestError(401, "this address was opened before, or is too old", code="session_needed")
        name = services.sessions.cookie
        response.set_cookie(name, cookie, max_age=SESSION_SECONDS, path="/", httponly=True, samesite="strict")

    return router
