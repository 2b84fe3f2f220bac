"""Builds the application for Ray Serve, which reads the class of the arguments from the signature: annotations must not
be strings here."""

from typing import TYPE_CHECKING, Any

from ..._errors import InvalidArgumentError
from ..inference import AHEAD
from ..settings import ServerSettings
from .arguments import Arguments, settings_of, slots_of

if TYPE_CHECKING:
    from ray.serve import Application

NAME = "GPT4All"
SESSION_ROUTER = "ray.serve.experimental.consistent_hash_router.ConsistentHashRouter"


def app(arguments: Arguments) -> "Application":
    """The application, with one deployment, GPT4All; `serve run` and `serve build` call this.

    Raises InvalidArgumentError for what contradicts itself, is not safe, or is nothing that replicas can have.
    """
    try:
        from ray import serve

        from .replica import replica_class
    except ImportError as error:
        raise InvalidArgumentError(
            f"replicas need the package {error.name}; install it with: pip install 'gpt4all[ray]'"
        ) from error
    settings = settings_of(arguments)
    made: Application = serve.deployment(**options_of(arguments, settings))(replica_class(settings)).bind()
    return made


def options_of(arguments: Arguments, settings: ServerSettings) -> dict[str, Any]:
    """What Ray Serve is told of the deployment."""
    slots = slots_of(settings)
    options: dict[str, Any] = {
        "name": NAME,
        "ray_actor_options": {"num_cpus": arguments.num_cpus, "num_gpus": arguments.num_gpus},
        "autoscaling_config": {
            **arguments.autoscaling,
            "min_replicas": arguments.min_replicas,
            "max_replicas": arguments.max_replicas,
            "target_ongoing_requests": arguments.target_ongoing_requests or float(slots),
        },
        # What does not fit waits before the replicas, for whichever has room first, one that is still to come included.
        "max_ongoing_requests": slots + AHEAD,
        "max_queued_requests": settings.max_waiting,
        "backpressure_config": {"status_code": 429, "retry_after_s": 1},
        "graceful_shutdown_timeout_s": settings.drain_seconds,
    }
    if arguments.session_affinity:
        options["request_router_config"] = {"request_router_class": SESSION_ROUTER}
    return options
