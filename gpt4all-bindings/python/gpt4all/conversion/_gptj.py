"""GPT-J from Hugging Face, as a GGUF file that llama.cpp runs as its architecture phi2.

llama.cpp knows GPT-J by name only. Its phi2 computes the same: one norm before attention and feed-forward, which run
side by side, biases, GELU. Two things differ. phi2 has biases at q, k, v and the output of attention: they are zero
here. And phi2 rotates pairs of elements (i, i + n/2) of a head where GPT-J rotates (2i, 2i + 1): the rows of q and k
are put in that order, of each head the first `rotary_dim`, which changes no number that attention computes.

What is read: transformers' GPTJConfig and GPTJForCausalLM.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._errors import InvalidModelError, UnsupportedError
from .._gguf_writer import Metadata, Tensor, TensorType, write_gguf
from ._folder import Folder, Numbers
from ._gpt2_vocabulary import read_vocabulary
from ._output import Progress, report
from ._packages import require
from ._weights import Weights

if TYPE_CHECKING:
    import numpy as np

_FILE_TYPES = {"F32": 0, "F16": 1, "BF16": 32}  # llama_ftype
_TANH_GELU = ("gelu_new", "gelu_fast", "gelu_pytorch_tanh")
LAYER = {
    "ln_1": "attn_norm",
    "attn.q_proj": "attn_q",
    "attn.k_proj": "attn_k",
    "attn.v_proj": "attn_v",
    "attn.out_proj": "attn_output",
    "mlp.fc_in": "ffn_up",
    "mlp.fc_out": "ffn_down",
}  # parts of a layer, and GGUF's names for them
ROTATED = ("attn.q_proj", "attn.k_proj")
_NEW_BIASES = ("attn_q", "attn_k", "attn_v", "attn_output")


@dataclass(frozen=True)
class Shape:
    """The numbers of a GPT-J, by GGUF's names where it has them."""

    vocabulary: int
    context: int
    width: int
    heads: int
    layers: int
    rotated: int
    feed_forward: int
    epsilon: float

    @property
    def head_width(self) -> int:
        return self.width // self.heads


def read_shape(config: Mapping[str, Any], path: Path) -> Shape:
    """What config.json at `path` says.

    Raises InvalidModelError for numbers that no GPT-J has, UnsupportedError for what phi2 does not compute.
    """
    numbers = Numbers(config, path)
    width = numbers.get("n_embd", 1, 1 << 17)
    heads = numbers.get("n_head", 1, width)
    if width % heads:
        raise InvalidModelError(f"{path}: n_embd {width} is not a multiple of n_head {heads}", {"path": str(path)})
    rotated = numbers.get("rotary_dim", 2, width // heads)
    if rotated % 2:
        raise InvalidModelError(f"{path}: rotary_dim is {rotated}, which is odd", {"path": str(path)})
    activation = config.get("activation_function", "gelu_new")
    if activation not in _TANH_GELU:
        raise UnsupportedError(
            f"{path}: activation_function is {activation!r}; GPT-J's is 'gelu_new'", {"path": str(path)}
        )
    epsilon = config.get("layer_norm_epsilon", 1e-5)
    if not isinstance(epsilon, float) or not 0 < epsilon < 1:
        raise InvalidModelError(f"{path}: layer_norm_epsilon is {epsilon!r}", {"path": str(path)})
    return Shape(
        vocabulary=numbers.get("vocab_size", 1, 1 << 24),
        context=numbers.get("n_positions", 1, 1 << 24),
        width=width,
        heads=heads,
        layers=numbers.get("n_layer", 1, 1 << 12),
        rotated=rotated,
        feed_forward=numbers.get("n_inner", 1, 1 << 19, default=4 * width),
        epsilon=epsilon,
    )


def row_order(shape: Shape) -> list[int]:
    """Which row of q or k comes first, second and so on in phi2."""
    head = [*range(0, shape.rotated, 2), *range(1, shape.rotated, 2), *range(shape.rotated, shape.head_width)]
    return [start + row for start in range(0, shape.width, shape.head_width) for row in head]


def convert(folder: Folder, path: Path, type: TensorType, name: str, progress: Progress | None) -> None:
    """Writes the model to `path`, its matrices in `type`. One tensor at a time is in memory.

    Raises InvalidModelError, ModelNotFoundError or UnsupportedError for a folder that holds no complete GPT-J.
    """
    require("numpy", *(["ml_dtypes"] if type == "BF16" else []))
    shape = read_shape(folder.config, folder.path / "config.json")
    weights = Weights(folder.path)
    metadata = _metadata(folder, shape, type, name)
    write_gguf(path, metadata, _Tensors(weights, shape, type, progress).all(folder))


def _metadata(folder: Folder, shape: Shape, type: TensorType, name: str) -> Metadata:
    metadata = Metadata()
    metadata.string("general.architecture", "phi2")
    metadata.string("general.type", "model")
    metadata.string("general.name", name)
    metadata.uint32("general.file_type", _FILE_TYPES[type])
    metadata.uint32("general.quantization_version", 2)
    metadata.string("gpt4all.source.architecture", "gptj")
    metadata.string("gpt4all.source.format", "huggingface")
    metadata.uint32("phi2.vocab_size", shape.vocabulary)
    metadata.uint32("phi2.context_length", shape.context)
    metadata.uint32("phi2.embedding_length", shape.width)
    metadata.uint32("phi2.feed_forward_length", shape.feed_forward)
    metadata.uint32("phi2.block_count", shape.layers)
    metadata.uint32("phi2.attention.head_count", shape.heads)
    metadata.uint32("phi2.attention.head_count_kv", shape.heads)
    metadata.float32("phi2.attention.layer_norm_epsilon", shape.epsilon)
    metadata.uint32("phi2.rope.dimension_count", shape.rotated)
    metadata.float32("phi2.rope.freq_base", 10000.0)
    numbers = Numbers(folder.config, folder.path / "config.json")
    default = min(50256, shape.vocabulary - 1)  # <|endoftext|> in GPT-2's vocabulary
    first, last = (numbers.get(f"{key}_token_id", 0, shape.vocabulary - 1, default) for key in ("bos", "eos"))
    vocabulary = read_vocabulary(folder.path, shape.vocabulary, frozenset((first, last)))
    metadata.string("tokenizer.ggml.model", "gpt2")
    metadata.string("tokenizer.ggml.pre", "gpt-2")
    metadata.strings("tokenizer.ggml.tokens", vocabulary.tokens)
    metadata.int32s("tokenizer.ggml.token_type", vocabulary.types)
    metadata.strings("tokenizer.ggml.merges", vocabulary.merges)
    metadata.uint32("tokenizer.ggml.bos_token_id", first)
    metadata.uint32("tokenizer.ggml.eos_token_id", last)
    metadata.boolean("tokenizer.ggml.add_bos_token", False)
    return metadata


class _Tensors:
    """Lists the tensors of the file, checked against the config, and makes each when it is written."""

    def __init__(self, weights: Weights, shape: Shape, type: TensorType, progress: Progress | None) -> None:
        self._weights, self._shape, self._type, self._progress = weights, shape, type, progress
        self._done = 0
        self._bytes = 0

    def all(self, folder: Folder) -> list[Tensor]:
        vocabulary, width, feed_forward = self._shape.vocabulary, self._shape.width, self._shape.feed_forward
        tied = bool(folder.config.get("tie_word_embeddings")) and self._weights.shape("lm_head.weight") is None
        head = "transformer.wte.weight" if tied else "lm_head.weight"
        made = [
            self._taken("token_embd.weight", "transformer.wte.weight", (vocabulary, width)),
            self._taken("output_norm.weight", "transformer.ln_f.weight", (width,)),
            self._taken("output_norm.bias", "transformer.ln_f.bias", (width,)),
            self._taken("output.weight", head, (vocabulary, width)),
            self._taken("output.bias", "lm_head.bias", (vocabulary,)),
        ]
        shapes = {
            "mlp.fc_in": (feed_forward, width),
            "mlp.fc_out": (width, feed_forward),
            "ln_1": (width,),
        }
        for layer in range(self._shape.layers):
            for part, target in LAYER.items():
                source, block = f"transformer.h.{layer}.{part}", f"blk.{layer}.{target}"
                size = shapes.get(part, (width, width))
                rows = row_order(self._shape) if part in ROTATED else None
                made.append(self._taken(f"{block}.weight", f"{source}.weight", size, rows))
                if target in _NEW_BIASES:
                    made.append(self._zeros(f"{block}.bias", width))
                else:
                    made.append(self._taken(f"{block}.bias", f"{source}.bias", (size[0],)))
        self._bytes = sum(tensor.size for tensor in made)
        return made

    def _taken(self, name: str, source: str, shape: tuple[int, ...], rows: list[int] | None = None) -> Tensor:
        self._weights.check(source, shape)
        type: TensorType = self._type if len(shape) > 1 else "F32"

        def read() -> Any:
            values = self._weights.read(source)
            return values if rows is None else values[rows]

        return self._reported(Tensor(name, shape, type, lambda: encoded(read(), type)))

    def _zeros(self, name: str, length: int) -> Tensor:
        return self._reported(Tensor(name, (length,), "F32", lambda: bytes(4 * length)))

    def _reported(self, tensor: Tensor) -> Tensor:
        def data() -> bytes | memoryview:
            report(self._progress, self._done / self._bytes)
            self._done += tensor.size
            return tensor.data()

        return Tensor(tensor.name, tensor.shape, tensor.type, data)


def encoded(values: np.ndarray[Any, Any], type: TensorType) -> memoryview:
    """The bytes of an array in F32, rounded to `type` as IEEE 754 does.

    Raises UnsupportedError for numbers that it cannot hold.
    """
    import numpy

    if type == "BF16":
        import ml_dtypes

        values = values.astype(ml_dtypes.bfloat16).view(numpy.uint16)
    with numpy.errstate(over="ignore"):
        packed = numpy.ascontiguousarray(values, dtype={"F32": "<f4", "F16": "<f2", "BF16": "<u2"}[type])
    if type == "F16" and not numpy.isfinite(packed).all():
        raise UnsupportedError(
            "the weights hold numbers that F16 cannot, above 65504 or not finite: choose BF16 or F32"
        )
    return packed.data.cast("B")
