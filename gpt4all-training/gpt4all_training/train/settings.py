"""The configuration of train."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ..configuration import Settings

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)]


class Lora(Settings):
    """The adapter that LoRA and QLoRA train."""

    rank: int = Field(default=16, ge=1, le=1024)
    """How many rows and columns the two factors of a matrix's change have."""
    alpha: Positive = 32.0
    """The change is multiplied by this, divided by the rank."""
    dropout: Share = 0.05
    """The share of inputs that an adapter does not see, in training."""
    targets: Literal["all-linear"] | tuple[str, ...] = "all-linear"
    """The layers to adapt: `all-linear` for all but the last, or the ends of their names, such as `q_proj`."""


class EarlyStopping(Settings):
    """When training ends because the held-out loss falls no further; the best checkpoint is what remains."""

    patience: int = Field(default=3, ge=1)
    """How many evaluations in succession may be no better than the best."""
    improvement: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    """By how much the loss must be lower to count as better."""


class Train(Settings):
    """The configuration of `gpt4all-train train`."""

    output: str = Field(min_length=1)
    """The folder to write, seen from the folder of the configuration."""
    model: str = Field(min_length=1)
    """The folder of the model to begin with, in the form of the Hugging Face hub. Nothing is downloaded."""
    data: str = Field(min_length=1)
    """The folder that `gpt4all-train curate` wrote."""
    seed: int = Field(default=0, ge=0, lt=1 << 32)
    """Decides how adapters begin, what dropout drops, and the order of the conversations."""
    method: Literal["lora", "qlora", "full"] = "lora"
    """Train an adapter; train one on weights of 4 bits, which needs an NVIDIA GPU; or train all weights."""
    lora: Lora = Lora()
    """The adapter."""
    chat_template: str | None = None
    """A file with the chat template, in Jinja, in place of the model's own; the trained model keeps it."""
    max_length: int = Field(default=1024, ge=8, le=1 << 20)
    """The most tokens of a conversation; what is longer is cut off at the end."""
    packing: bool = False
    """Put short conversations side by side in one sequence of `max_length`, each seeing only itself."""
    epochs: Positive = 3.0
    """How often each conversation is seen."""
    max_steps: int | None = Field(default=None, ge=1)
    """How many steps there are, whatever `epochs` says."""
    batch_size: int = Field(default=16, ge=1)
    """The conversations, or with packing the sequences, of a step."""
    micro_batch_size: int = Field(default=4, ge=1)
    """How many of these are computed at a time: fewer need less memory. With packing it is always one."""
    learning_rate: Positive | None = None
    """By default 0.0002 for adapters, and 0.00002 for all weights."""
    schedule: Literal["cosine", "linear", "constant"] = "cosine"
    """How the learning rate falls after the warm-up."""
    warmup: Share = 0.03
    """The share of the steps in which the learning rate rises from 0."""
    weight_decay: float = Field(default=0.0, ge=0, lt=1, allow_inf_nan=False)
    """AdamW's."""
    max_grad_norm: Positive = 1.0
    """Gradients whose norm is larger are scaled down to it."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """What is computed in. The same weights after a kill are promised for `float32` on processors."""
    gradient_checkpointing: bool = False
    """Compute activations twice, to need less memory."""
    device: Literal["cpu", "cuda"] = "cpu"
    """Where to compute: processors, or an NVIDIA GPU."""
    threads: int | None = Field(default=None, ge=1, le=1024)
    """On processors; by default as many as PyTorch takes."""
    checkpoint_every: int = Field(default=100, ge=1)
    """Steps after which a checkpoint is written, and the held-out loss is measured: a killed run goes on from here."""
    log_every: int = Field(default=10, ge=1)
    """Steps after which the loss is written to the logs."""
    held_out_rows: int | None = Field(default=None, ge=1)
    """The most conversations to measure the held-out loss with: the first ones. By default all."""
    early_stopping: EarlyStopping | None = None
    """When to end early."""

    @model_validator(mode="after")
    def _fitting(self) -> Train:
        if self.checkpoint_every % self.log_every:
            raise ValueError("checkpoint_every must be a multiple of log_every, as a log goes on from a checkpoint")
        if self.batch_size % self.at_a_time:
            raise ValueError(
                f"batch_size {self.batch_size} must be a multiple of micro_batch_size {self.at_a_time}, what is "
                "computed at a time"
            )
        if self.method == "qlora" and self.device == "cpu":
            raise ValueError("method qlora needs an NVIDIA GPU: set device to cuda, or method to lora")
        return self

    @property
    def at_a_time(self) -> int:
        """How many sequences are computed at a time."""
        return 1 if self.packing else self.micro_batch_size

    @property
    def rate(self) -> float:
        """The highest learning rate."""
        return self.learning_rate or (2e-5 if self.method == "full" else 2e-4)
