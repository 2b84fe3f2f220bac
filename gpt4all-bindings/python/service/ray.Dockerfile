# The local server for a Ray cluster on Kubernetes, from the wheel that `make wheel` puts into build/dist. rayservice.yaml
# runs it; docs/scaling.md says how.
FROM python:3.13-slim-bookworm

# KubeRay's probes call wget.
RUN --mount=type=bind,target=/wheels \
    apt-get update && apt-get install -y --no-install-recommends wget && rm -rf /var/lib/apt/lists/* \
    && pip install --no-cache-dir --no-compile "$(ls /wheels/gpt4all-*.whl)[ray]" \
    && useradd --system --uid 10001 --create-home --shell /usr/sbin/nologin gpt4all \
    && install --directory --owner gpt4all --group gpt4all /models

ENV GPT4ALL_CACHE=/models \
    PYTHONDONTWRITEBYTECODE=1 \
    RAY_USAGE_STATS_ENABLED=0
VOLUME /models
USER 10001
# KubeRay says what runs: `ray start`, and for a moment `gpt4all pull`.
