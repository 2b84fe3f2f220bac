"""Makes the tiny models of the conformance corpus: the same bytes at every run.

They are real models of their architectures (LLaMA and BERT) with random weights, so they say nothing sensible but take
every path that a large model takes. The requirements are pinned in requirements-models.txt.

Usage: python -m corpus_tools.models.make_tiny_llama [--check] [FOLDER]
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
from gguf import GGMLQuantizationType, GGUFWriter, LlamaFileType, PoolingType, RopeScalingType, TokenType
from gguf.quants import quantize

from ..places import committed_models

Array = npt.NDArray[np.float32]

LAYERS = 2
WIDTH = 64
HEADS = 4
KV_HEADS = 2
HEAD_WIDTH = WIDTH // HEADS
FEED_FORWARD = 128
LLAMA_CONTEXT = 2048
LLAMA_VOCABULARY = 608
BERT_CONTEXT = 256
LORA_RANK = 4

SPACE = "\u2581"

WORDS = """
    the of and to in is that it was for on are as with his they at be this have from or one had by word but not
    what all were we when your can said there use an each which she do how their if will up other about out many
    then them these so some her would make like him into time has look two more write go see number no way could
    people my than first water been call who oil its now find long down day did get come made may part hello
    world name model language answer question paris france red green blue cat dog
""".split()

CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + "
    "'\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


class Weights:
    """Normally distributed weights from numpy's legacy generator, whose stream is frozen for all versions."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.RandomState(seed)

    def matrix(self, rows: int, columns: int, gain: float = 1.0) -> Array:
        """Shape (rows, columns), scaled so that a product with a unit-variance vector has the variance gain²."""
        values: Array = (self._random.standard_normal((rows, columns)) * gain / np.sqrt(columns)).astype(np.float32)
        return values

    def around(self, centre: float, size: int, spread: float = 0.1) -> Array:
        values: Array = (centre + spread * self._random.standard_normal(size)).astype(np.float32)
        return values


def word_pieces(limit: int, start: str) -> list[str]:
    """Each word with all its beginnings, so that it can be built by merging one character at a time."""
    pieces: dict[str, None] = {}
    for word in WORDS:
        for end in range(1, len(word) + 1):
            if len(pieces) < limit:
                pieces.setdefault(start + word[:end])
    return list(pieces)


def llama_vocabulary() -> tuple[list[str], list[float], list[int]]:
    """A SentencePiece vocabulary with byte fallback: texts, scores and token types."""
    tokens = [("<unk>", TokenType.UNKNOWN), ("<s>", TokenType.CONTROL), ("</s>", TokenType.CONTROL)]
    tokens += [(f"<0x{byte:02X}>", TokenType.BYTE) for byte in range(256)]
    tokens += [("<|im_start|>", TokenType.CONTROL), ("<|im_end|>", TokenType.CONTROL)]
    tokens += [(SPACE, TokenType.NORMAL)]
    tokens += [(chr(code), TokenType.NORMAL) for code in range(33, 127)]
    tokens += [(text, TokenType.NORMAL) for text in ("é", "ü", "日", "本", "🙂")]
    tokens += [(text, TokenType.NORMAL) for text in word_pieces(LLAMA_VOCABULARY - len(tokens), SPACE)]
    assert len(tokens) == LLAMA_VOCABULARY and len({text for text, _ in tokens}) == LLAMA_VOCABULARY
    scores = [-float(index) if kind == TokenType.NORMAL else 0.0 for index, (_, kind) in enumerate(tokens)]
    return [text for text, _ in tokens], scores, [int(kind) for _, kind in tokens]


def llama_weights() -> dict[str, Array]:
    random = Weights(20240229)
    weights = {"token_embd.weight": random.matrix(LLAMA_VOCABULARY, WIDTH, gain=np.sqrt(WIDTH))}
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        weights[block + "attn_norm.weight"] = random.around(1.0, WIDTH)
        weights[block + "attn_q.weight"] = random.matrix(WIDTH, WIDTH, gain=1.5)
        weights[block + "attn_k.weight"] = random.matrix(KV_HEADS * HEAD_WIDTH, WIDTH, gain=1.5)
        weights[block + "attn_v.weight"] = random.matrix(KV_HEADS * HEAD_WIDTH, WIDTH)
        weights[block + "attn_output.weight"] = random.matrix(WIDTH, WIDTH, gain=2.0)
        weights[block + "ffn_norm.weight"] = random.around(1.0, WIDTH)
        weights[block + "ffn_gate.weight"] = random.matrix(FEED_FORWARD, WIDTH, gain=1.5)
        weights[block + "ffn_up.weight"] = random.matrix(FEED_FORWARD, WIDTH, gain=1.5)
        weights[block + "ffn_down.weight"] = random.matrix(WIDTH, FEED_FORWARD, gain=2.0)
    weights["output_norm.weight"] = random.around(1.0, WIDTH)
    output = random.matrix(LLAMA_VOCABULARY, WIDTH, gain=4.0)  # wide gaps: the same greedy choice on every machine
    output[:260] = 0.0  # hardly ever a control token or a byte, so that answers are readable; <|im_end|> may end them
    weights["output.weight"] = output
    return weights


def write_llama(
    path: Path, quantization: GGMLQuantizationType, file_type: LlamaFileType, *, advises: bool = False
) -> None:
    texts, scores, kinds = llama_vocabulary()
    writer = GGUFWriter(path, "llama")
    writer.add_type("model")
    writer.add_name("Tiny LLaMA (random weights)")
    writer.add_license("mit")
    writer.add_file_type(file_type)
    writer.add_quantization_version(2)
    writer.add_vocab_size(LLAMA_VOCABULARY)
    writer.add_context_length(LLAMA_CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_rope_dimension_count(HEAD_WIDTH)
    writer.add_rope_freq_base(10000.0)
    writer.add_rope_scaling_type(RopeScalingType.NONE)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(texts)
    writer.add_token_scores(scores)
    writer.add_token_types(kinds)
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_eot_token_id(texts.index("<|im_end|>"))
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(True)
    writer.add_chat_template(CHAT_TEMPLATE)
    if advises:
        writer.add_sampling_temp(0.0)
        writer.add_sampling_top_k(5)
        writer.add_sampling_sequence("top_k;temperature")
        writer.add_sampling_min_p(1.5)  # no probability: not to be taken
    for name, values in llama_weights().items():
        add_weight(writer, name, values, quantization)
    finish(writer)


def write_lora(path: Path) -> None:
    """An adapter of the tiny LLaMA's attention and feed-forward matrices that changes its answers visibly."""
    random = Weights(20240301)
    writer = GGUFWriter(path, "llama")
    writer.add_type("adapter")
    writer.add_name("Tiny LoRA adapter (random weights)")
    writer.add_license("mit")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(LORA_RANK))
    for layer in range(LAYERS):
        for name, rows, columns in (("attn_q", WIDTH, WIDTH), ("ffn_up", FEED_FORWARD, WIDTH)):
            target = f"blk.{layer}.{name}.weight"
            writer.add_tensor(target + ".lora_a", random.matrix(LORA_RANK, columns, gain=1.5))
            writer.add_tensor(target + ".lora_b", random.matrix(rows, LORA_RANK, gain=1.5))
    finish(writer)


def bert_vocabulary() -> tuple[list[str], list[int]]:
    """A WordPiece vocabulary as llama.cpp stores it: a mark before what begins a word, none before what goes on."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    characters = [chr(code) for code in (*range(33, 65), *range(91, 127))]
    plain = [SPACE + character for character in characters] + characters
    words = [SPACE + word for word in WORDS if len(word) > 1]
    endings = ["s", "ed", "ing", "er", "ly", "al", "ion", "est"]
    tokens = list(dict.fromkeys([*special, *plain, *words, *endings]))
    kinds = [int(TokenType.CONTROL if text in special else TokenType.NORMAL) for text in tokens]
    return tokens, kinds


def bert_weights(vocabulary: int, seed: int, ranks: bool) -> dict[str, Array]:
    random = Weights(seed)
    weights = {
        "token_embd.weight": random.matrix(vocabulary, WIDTH, gain=np.sqrt(WIDTH)),
        "token_types.weight": random.matrix(2, WIDTH),
        "position_embd.weight": random.matrix(BERT_CONTEXT, WIDTH, gain=2.0),
    }

    def norm(name: str) -> None:
        weights[name + ".weight"] = random.around(1.0, WIDTH)
        weights[name + ".bias"] = random.around(0.0, WIDTH)

    def linear(name: str, rows: int, columns: int, gain: float = 1.0) -> None:
        weights[name + ".weight"] = random.matrix(rows, columns, gain)
        weights[name + ".bias"] = random.around(0.0, rows)

    norm("token_embd_norm")
    for layer in range(LAYERS):
        block = f"blk.{layer}."
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            linear(block + name, WIDTH, WIDTH)
        norm(block + "attn_output_norm")
        linear(block + "ffn_up", FEED_FORWARD, WIDTH)
        linear(block + "ffn_down", WIDTH, FEED_FORWARD, gain=2.0)
        norm(block + "layer_output_norm")
    if ranks:
        linear("cls", WIDTH, WIDTH)
        linear("cls.output", 1, WIDTH, gain=4.0)
    return weights


def write_bert(path: Path, seed: int, pooling: PoolingType) -> None:
    texts, kinds = bert_vocabulary()
    ranks = pooling == PoolingType.RANK
    writer = GGUFWriter(path, "bert")
    writer.add_type("model")
    writer.add_name(f"Tiny BERT {'reranker' if ranks else 'encoder'} (random weights)")
    writer.add_license("mit")
    writer.add_file_type(LlamaFileType.ALL_F32)
    writer.add_vocab_size(len(texts))
    writer.add_context_length(BERT_CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_layer_norm_eps(1e-12)
    writer.add_causal_attention(False)
    writer.add_pooling_type(pooling)
    writer.add_tokenizer_model("bert")
    writer.add_token_list(texts)
    writer.add_token_types(kinds)
    writer.add_token_type_count(2)
    writer.add_pad_token_id(texts.index("[PAD]"))
    writer.add_unk_token_id(texts.index("[UNK]"))
    writer.add_bos_token_id(texts.index("[CLS]"))
    writer.add_eos_token_id(texts.index("[SEP]"))
    writer.add_sep_token_id(texts.index("[SEP]"))
    writer.add_mask_token_id(texts.index("[MASK]"))
    if ranks:  # how a pair is written, as conversions of real rerankers have it: [CLS] query [SEP] document [SEP]
        writer.add_add_bos_token(True)
        writer.add_add_eos_token(True)
        writer.add_add_sep_token(False)
    for name, values in bert_weights(len(texts), seed, ranks).items():
        add_weight(writer, name, values, GGMLQuantizationType.F32)
    finish(writer)


def add_weight(writer: GGUFWriter, name: str, values: Array, quantization: GGMLQuantizationType) -> None:
    if values.ndim == 1 or quantization == GGMLQuantizationType.F32:
        writer.add_tensor(name, values)
    else:
        writer.add_tensor(name, quantize(values, quantization), raw_dtype=quantization)


def finish(writer: GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def make_all(folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    write_llama(folder / "tiny-llama-f32.gguf", GGMLQuantizationType.F32, LlamaFileType.ALL_F32)
    write_llama(folder / "tiny-llama-q8_0.gguf", GGMLQuantizationType.Q8_0, LlamaFileType.MOSTLY_Q8_0)
    write_llama(folder / "tiny-llama-q4_0.gguf", GGMLQuantizationType.Q4_0, LlamaFileType.MOSTLY_Q4_0)
    write_llama(folder / "tiny-llama-advice.gguf", GGMLQuantizationType.Q4_0, LlamaFileType.MOSTLY_Q4_0, advises=True)
    write_lora(folder / "tiny-llama-lora.gguf")
    write_bert(folder / "tiny-bert.gguf", 20240302, PoolingType.MEAN)
    write_bert(folder / "tiny-bert-rerank.gguf", 20240303, PoolingType.RANK)
    return sorted(folder.glob("tiny-*.gguf"))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description="Make the tiny models of the corpus.")
    parser.add_argument("folder", nargs="?", type=Path, default=committed_models())
    parser.add_argument("--check", action="store_true", help="only compare the files in FOLDER with newly made ones")
    arguments = parser.parse_args()
    if not arguments.check:
        for path in make_all(arguments.folder):
            print(f"{digest(path)}  {path.name}  ({path.stat().st_size:,} bytes)")
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        made = make_all(Path(scratch))
        wrong = [
            path.name
            for path in made
            if not (arguments.folder / path.name).exists() or digest(arguments.folder / path.name) != digest(path)
        ]
    for name in wrong:
        print(f"{name} differs from what this script makes; run it again and commit the result", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
