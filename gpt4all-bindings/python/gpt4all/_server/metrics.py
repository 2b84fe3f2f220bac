"""What the server counts, for Prometheus: https://prometheus.io/docs/practices/naming/."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from fastapi import APIRouter
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.responses import Response

from .workers.worker import Answer

FIRST_TOKEN_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


@dataclass(frozen=True)
class ModelState:
    """An open model: requests that it answers, requests that wait for it, and its memory in bytes if that is known."""

    model: str
    running: int
    waiting: int
    memory: int | None


class Metrics:
    """Counters of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "gpt4all_http_requests", "Requests answered.", ["method", "status"], registry=self.registry
        )
        self.prompt_tokens = Counter(
            "gpt4all_prompt_tokens", "Tokens of prompts, those reused included.", ["model"], registry=self.registry
        )
        self.cached_tokens = Counter(
            "gpt4all_cached_prompt_tokens",
            "Tokens of prompts that were reused instead of computed.",
            ["model"],
            registry=self.registry,
        )
        self.generated_tokens = Counter(
            "gpt4all_generated_tokens", "Tokens generated.", ["model"], registry=self.registry
        )
        self.first_token = Histogram(
            "gpt4all_time_to_first_token_seconds",
            "From when a request was received by the model's queue to the first part of its answer.",
            ["model"],
            buckets=FIRST_TOKEN_SECONDS,
            registry=self.registry,
        )
        self.ended = Counter(
            "gpt4all_model_requests",
            "Requests to models by how they ended.",
            ["model", "outcome"],
            registry=self.registry,
        )

    def watch(self, states: Callable[[], Iterable[ModelState]], crashes: Callable[[], int]) -> None:
        """Also reports what is the case at the moment: the open models, and how many processes have crashed."""
        self.registry.register(_State(states, crashes))

    def note(self, model: str, answer: Answer) -> None:
        """Counts an answer that has ended."""
        self.ended.labels(model, answer.outcome).inc()
        if answer.seconds_to_first is not None:
            self.first_token.labels(model).observe(answer.seconds_to_first)
        usage = answer.usage
        self.prompt_tokens.labels(model).inc(usage.get("prompt_tokens", 0))
        self.generated_tokens.labels(model).inc(usage.get("completion_tokens", 0))
        self.cached_tokens.labels(model).inc(usage.get("prompt_tokens_details", {}).get("cached_tokens", 0))


class _State:
    """Collects gauges when they are asked for."""

    def __init__(self, states: Callable[[], Iterable[ModelState]], crashes: Callable[[], int]) -> None:
        self._states = states
        self._crashes = crashes

    def collect(self) -> Iterator[Metric]:
        running = GaugeMetricFamily("gpt4all_requests_running", "Requests that a model answers.", labels=["model"])
        waiting = GaugeMetricFamily("gpt4all_requests_waiting", "Requests that wait for a model.", labels=["model"])
        memory = GaugeMetricFamily(
            "gpt4all_model_memory_bytes", "Resident memory of a model's process.", labels=["model"]
        )
        for state in self._states():
            running.add_metric([state.model], state.running)
            waiting.add_metric([state.model], state.waiting)
            if state.memory is not None:
                memory.add_metric([state.model], state.memory)
        crashes = GaugeMetricFamily("gpt4all_model_crashes", "Processes of models that ended unexpectedly.")
        crashes.add_metric([], self._crashes())
        yield from (running, waiting, memory, crashes)


def routes(metrics: Metrics) -> APIRouter:
    """The path operation."""
    router = APIRouter(tags=["server"])

    @router.get("/metrics", summary="Counters for Prometheus")
    def read() -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    return router
