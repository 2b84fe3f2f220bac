"""The server as replicas of a Ray Serve application; `gpt4all.ray` offers it to others."""
