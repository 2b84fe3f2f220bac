"""Makes the tokenizers of the trained models, each laid out as the real one of its architecture is, only smaller.

GPT-J: GPT-2's byte-level BPE. 256 bytes in GPT-2's order, merges in the order in which they were found, <|endoftext|>,
and <|extratoken_N|> up to the size of the model, as EleutherAI's GPT-J has.
MPT: that of GPT-NeoX. <|endoftext|>, <|padding|>, bytes, merges, runs of spaces as added tokens; the model has a few
rows more than there are tokens, as MPT has.
LLaMA: SentencePiece, BPE with byte fallback. <unk>, <s>, </s>, 256 bytes, pieces.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import sentencepiece
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

SIZE = 1024  # rows of each model's embedding
END = "<|endoftext|>"
PADDING = "<|padding|>"
EXTRA_TOKENS = 7
UNUSED_ROWS = 8
LONGEST_SPACES = 12


def byte_characters() -> list[str]:
    """The characters that stand for the bytes in byte-level BPE, in the order of GPT-2's vocabulary (its encoder.py):
    printable ones stand for themselves, the others follow from U+0100 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return [chr(code) for code in printable] + [chr(0x100 + index) for index in range(256 - len(printable))]


def _learned_merges(texts: list[str], count: int, normalizer: Any) -> list[tuple[str, str]]:
    """The first `count` merges of byte-level BPE, words being split as GPT-2 splits them."""
    tokenizer = Tokenizer(models.BPE())
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = byte_characters()
    trainer = trainers.BpeTrainer(vocab_size=256 + count, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    if len(merges) != count:
        raise ValueError(f"the text gives {len(merges)} merges and not {count}")
    return [(left, right) for left, right in merges]


def _byte_level(vocabulary: dict[str, int], merges: list[tuple[str, str]], normalizer: Any) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def _special(text: str) -> AddedToken:
    return AddedToken(text, special=True, normalized=False)


def make_gptj(texts: list[str], folder: Path) -> None:
    """Writes tokenizer.json, vocab.json, merges.txt and tokenizer_config.json."""
    merges = _learned_merges(texts, SIZE - 256 - 1 - EXTRA_TOKENS, None)
    pieces = byte_characters() + [left + right for left, right in merges]
    special = [END, *(f"<|extratoken_{number}|>" for number in range(1, EXTRA_TOKENS + 1))]
    vocabulary = {piece: index for index, piece in enumerate([*pieces, *special])}
    tokenizer = _byte_level(vocabulary, merges, None)
    tokenizer.add_special_tokens([_special(END)])
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in special[1:]])
    tokenizer.save(str(folder / "tokenizer.json"))
    _write_json(folder / "vocab.json", vocabulary)
    lines = ["#version: 0.2", *(f"{left} {right}" for left, right in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    _write_config(folder, "GPT2Tokenizer", bos_token=END, eos_token=END, unk_token=END, add_prefix_space=False)


def make_mpt(texts: list[str], folder: Path) -> None:
    """Writes tokenizer.json and tokenizer_config.json."""
    spaces = [" " * length for length in range(LONGEST_SPACES, 1, -1)]
    count = SIZE - UNUSED_ROWS - 2 - 256 - len(spaces)
    merges = _learned_merges(texts, count, normalizers.NFC())
    pieces = [END, PADDING, *byte_characters(), *(left + right for left, right in merges)]
    tokenizer = _byte_level({piece: index for index, piece in enumerate(pieces)}, merges, normalizers.NFC())
    tokenizer.add_special_tokens([_special(END), _special(PADDING)])
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in spaces])
    tokenizer.save(str(folder / "tokenizer.json"))
    _write_config(folder, "GPTNeoXTokenizer", bos_token=END, eos_token=END, unk_token=END, add_prefix_space=False)


def make_llama(texts: list[str], folder: Path) -> None:
    """Writes tokenizer.model and tokenizer_config.json."""
    # Line ends are left to the bytes, as in LLaMA's own vocabulary.
    lines = [line for text in texts for line in text.split("\n") if line]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_prefix=str(folder / "tokenizer"),
        vocab_size=SIZE,
        model_type="bpe",
        byte_fallback=True,
        character_coverage=0.99995,
        split_digits=True,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        allow_whitespace_only_pieces=True,
        num_threads=1,
        minloglevel=2,
    )
    (folder / "tokenizer.vocab").unlink()
    _write_config(
        folder,
        "LlamaTokenizer",
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        add_bos_token=True,
        add_eos_token=False,
        legacy=True,
    )


def _write_config(folder: Path, name: str, **options: Any) -> None:
    config = {"tokenizer_class": name, "clean_up_tokenization_spaces": False, "model_max_length": 512, **options}
    _write_json(folder / "tokenizer_config.json", config)


def _write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
