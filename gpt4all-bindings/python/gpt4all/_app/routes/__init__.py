"""The path operations of the application's API, a file for each area. Each has routes(), which makes its router."""

from __future__ import annotations

from . import (
    chats,
    data,
    diagnostics,
    documents,
    events,
    files,
    jobs,
    messages,
    models,
    presets,
    search,
    server,
    session,
    settings,
    state,
    transfer,
)

AREAS = (
    *(session, state, settings, presets, server, diagnostics, events, data),
    *(chats, messages, jobs, search, transfer),
    *(models, documents, files),
)
