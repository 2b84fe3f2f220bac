"""Models in processes of their own: a crash in native code costs one model's requests, not the server."""
