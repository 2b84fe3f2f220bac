"""Tokens of texts, and texts of tokens, by Hugging Face tokenizers that are built from a model file's vocabulary."""

from __future__ import annotations

import re
from functools import cached_property

import gguf
import tokenizers
from tokenizers import decoders, normalizers, pre_tokenizers
from transformers.convert_slow_tokenizer import bytes_to_unicode

from .model_files import ModelFile
from .values import NotCoveredError

SPACE = "\u2581"
# Tokens that end an answer wherever they are control tokens; files name one or two of theirs.
ENDS = ("<|im_end|>", "<|endoftext|>", "</s>")


class Vocabulary:
    """The vocabulary of one model file."""

    def __init__(self, file: ModelFile) -> None:
        self._file = file
        self.kind: str = file.value("tokenizer.ggml.model")
        self.texts: list[str] = file.value("tokenizer.ggml.tokens")
        self.ids = {text: index for index, text in enumerate(self.texts)}

    def special(self, name: str) -> int | None:
        """The id of a token with a role, such as "bos"."""
        found: int | None = self._file.value(f"tokenizer.ggml.{name}_token_id")
        return found

    @cached_property
    def control(self) -> set[int]:
        kinds = (gguf.TokenType.CONTROL, gguf.TokenType.UNKNOWN)
        return {index for index, kind in enumerate(self._file.types) if kind in kinds}

    @cached_property
    def added(self) -> list[int]:
        """Tokens that are found in a text before it is split, such as runs of spaces; they are no control tokens."""
        return [index for index, kind in enumerate(self._file.types) if kind == gguf.TokenType.USER_DEFINED]

    @cached_property
    def ends(self) -> set[int]:
        """The tokens that end an answer."""
        named = {self.special(name) for name in ("eos", "eot")} - {None}
        return {index for index in named if index is not None} | {
            self.ids[text] for text in ENDS if self.ids.get(text) in self.control
        }

    def encode(self, text: str, *, add_special: bool = False, parse_special: bool = True) -> list[int]:
        """parse_special: names of control tokens are those tokens, and no texts."""
        self._tokenizer.encode_special_tokens = not parse_special
        ids = [int(index) for index in self._tokenizer.encode(text, add_special_tokens=False).ids] if text else []
        if not add_special:
            return ids
        if self.kind == "bert":
            return [self._id("bos"), *ids, self._id("eos")]
        return (
            [self._id("bos"), *ids] if self._file.value("tokenizer.ggml.add_bos_token", self.kind == "llama") else ids
        )

    def pair(self, first: str, second: str) -> tuple[list[int], list[int]]:
        """An encoder's tokens for two texts, and which of the two each belongs to."""
        left = self.encode(first, add_special=True)
        right = [*self.encode(second), self._id("eos")]
        return [*left, *right], [0] * len(left) + [1] * len(right)

    def piece(self, index: int, *, special: bool = False) -> bytes:
        """The bytes that a token adds to a text; none for a control token, unless its name is wanted."""
        text = self.texts[index]
        if index in self.control:
            return text.encode() if special else b""
        if index in self.added:
            return text.encode()
        if self.kind == "gpt2":
            return bytes(self._bytes[character] for character in text)
        if re.fullmatch("<0x..>", text):
            return bytes([int(text[3:5], 16)])
        return text.replace(SPACE, " ").encode()

    def decode(self, tokens: list[int], *, special: bool = False) -> str:
        """A text; what is no UTF-8 in it is replaced, once for each broken character."""
        return b"".join(self.piece(index, special=special) for index in tokens).decode("utf-8", "replace")

    def _id(self, name: str) -> int:
        found = self.special(name)
        if found is None:
            raise NotCoveredError(f"the vocabulary has no {name} token")
        return found

    @cached_property
    def _bytes(self) -> dict[str, int]:
        return {character: byte for byte, character in bytes_to_unicode().items()}

    @cached_property
    def _tokenizer(self) -> tokenizers.Tokenizer:
        made = {"llama": self._sentencepiece, "gpt2": self._byte_level, "bert": self._word_piece}[self.kind]()
        made.add_special_tokens([self.texts[index] for index in sorted(self.control)])
        made.add_tokens([tokenizers.AddedToken(self.texts[index], normalized=False) for index in self.added])
        return made

    def _sentencepiece(self) -> tokenizers.Tokenizer:
        scores = self._file.value("tokenizer.ggml.scores")
        pairs = []
        for text, index in self.ids.items():
            if self._file.types[index] == gguf.TokenType.NORMAL:
                cuts = [(text[:cut], text[cut:]) for cut in range(1, len(text))]
                known = [(left, right) for left, right in cuts if left in self.ids and right in self.ids]
                pairs += [(-scores[index], left, right) for left, right in known]
        merges = [(left, right) for _, left, right in sorted(pairs)]
        model = tokenizers.models.BPE(self.ids, merges, unk_token="<unk>", byte_fallback=True, fuse_unk=True)
        made = tokenizers.Tokenizer(model)
        made.normalizer = normalizers.Sequence([normalizers.Prepend(SPACE), normalizers.Replace(" ", SPACE)])
        return made

    def _byte_level(self) -> tokenizers.Tokenizer:
        merges = [tuple(merge.split(" ")) for merge in self._file.value("tokenizer.ggml.merges")]
        made = tokenizers.Tokenizer(tokenizers.models.BPE(self.ids, merges))
        steps: list[pre_tokenizers.PreTokenizer] = [pre_tokenizers.ByteLevel(add_prefix_space=False)]
        if self._file.value("tokenizer.ggml.pre") == "smollm":
            steps.insert(0, pre_tokenizers.Digits(individual_digits=True))
        made.pre_tokenizer = pre_tokenizers.Sequence(steps)
        made.decoder = decoders.ByteLevel()
        return made

    def _word_piece(self) -> tokenizers.Tokenizer:
        def spelt(index: int, text: str) -> str:
            """As WordPiece has it: what goes on within a word is marked, and not what begins one."""
            if index in self.control:
                return text
            return text.removeprefix(SPACE) if text.startswith(SPACE) else "##" + text

        ids = {spelt(index, text): index for text, index in self.ids.items()}
        made = tokenizers.Tokenizer(tokenizers.models.WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=100))
        made.normalizer = normalizers.BertNormalizer(lowercase=True)
        made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        return made
