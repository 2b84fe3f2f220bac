"""The engines in the wheels of gpt4all 1.0.8 and 0.3.6, called through ctypes: the package itself is not imported.

libllamamodel-230511, -230519 and -mainline have llama.cpp's C API of their time, for layouts A, B and C. libgptj and
libmpt have C++ classes, whose methods are called by their mangled names with what libstdc++'s strings and vectors
consist of. Sources: gpt4all-backend of the tags; sizes of structures are asked of the libraries where they changed.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

LIBRARIES = Path("gpt4all") / "llmodel_DO_NOT_MODIFY" / "build"
_CLASSES = {"gptj": ("libgptj", "GPTJ"), "mpt": ("libmpt", "MPT")}
_LOAD = "_ZN{}{}9loadModelERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE"
_EVALUATE = "_ZNK{}{}10evalTokensERN7LLModel13PromptContextERKSt6vectorIiSaIiEE"


class _Parameters(ctypes.Structure):
    """llama_context_params of any version: larger than all of them, and passed in memory."""

    _fields_ = [("bytes", ctypes.c_char * 256)]


class _QuantizeParameters(ctypes.Structure):
    """llama_model_quantize_params, and room behind it."""

    _fields_ = [("threads", ctypes.c_int), ("file_type", ctypes.c_int), ("others", ctypes.c_char * 64)]


class _Vector(ctypes.Structure):
    """A std::vector."""

    _fields_ = [("begin", ctypes.c_void_p), ("end", ctypes.c_void_p), ("capacity", ctypes.c_void_p)]


class _String(ctypes.Structure):
    """A std::string whose characters lie elsewhere."""

    _fields_ = [
        ("data", ctypes.c_char_p),
        ("size", ctypes.c_size_t),
        ("capacity", ctypes.c_size_t),
        ("unused", ctypes.c_size_t),
    ]


class _PromptContext(ctypes.Structure):
    """LLModel::PromptContext, and room behind it."""

    _fields_ = [
        ("logits", _Vector),
        ("tokens", _Vector),
        ("n_past", ctypes.c_int32),
        ("n_ctx", ctypes.c_int32),
        ("others", ctypes.c_char * 256),
    ]


class Llama:
    """A LLaMA file, open with one of the three versions of llama.cpp."""

    def __init__(self, folder: Path, era: str, path: Path) -> None:
        self._library = ctypes.CDLL(str(folder / LIBRARIES / f"libllamamodel-{era}-default.so"))
        if era == "mainline":
            self._library.llama_init_backend(ctypes.c_bool(False))
        self._library.llama_context_default_params.restype = _Parameters
        self._library.llama_init_from_file.restype = ctypes.c_void_p
        self._library.llama_init_from_file.argtypes = [ctypes.c_char_p, _Parameters]
        self._library.llama_get_logits.restype = ctypes.POINTER(ctypes.c_float)
        parameters = self._library.llama_context_default_params()
        self._context = ctypes.c_void_p(self._library.llama_init_from_file(bytes(path), parameters))
        if not self._context:
            raise RuntimeError(f"{path} was not loaded")

    def logits(self, tokens: Sequence[int]) -> Array:
        """Logits after each token, of the shape (tokens, vocabulary)."""
        size = self._library.llama_n_vocab(self._context)
        rows = []
        for past, token in enumerate(tokens):
            given = (ctypes.c_int32 * 1)(token)
            if self._library.llama_eval(self._context, given, 1, past, 1):
                raise RuntimeError(f"token {past} was not evaluated")
            rows.append(np.array(self._library.llama_get_logits(self._context)[:size], np.float32))
        return np.stack(rows)


class Example:
    """A GPT-J or MPT file, open with gpt4all's own implementation."""

    def __init__(self, folder: Path, architecture: str, path: Path) -> None:
        file, name = _CLASSES[architecture]
        library = ctypes.CDLL(str(folder / LIBRARIES / f"{file}-default.so"))
        library.construct.restype = ctypes.c_void_p
        self._model = ctypes.c_void_p(library.construct())
        load, self._evaluate = (getattr(library, text.format(len(name), name)) for text in (_LOAD, _EVALUATE))
        load.restype = self._evaluate.restype = ctypes.c_bool
        text = bytes(path)
        if not load(self._model, ctypes.byref(_String(text, len(text), len(text), 0))):
            raise RuntimeError(f"{path} was not loaded")

    def _run(self, tokens: Sequence[int], past: int) -> Array:
        given = (ctypes.c_int32 * len(tokens))(*tokens)
        begin = ctypes.addressof(given)
        end = begin + ctypes.sizeof(given)
        context = _PromptContext(n_past=past)
        if not self._evaluate(self._model, ctypes.byref(context), ctypes.byref(_Vector(begin, end, end))):
            raise RuntimeError(f"tokens from {past} on were not evaluated")
        size = (context.logits.end - context.logits.begin) // 4
        return np.array((ctypes.c_float * size).from_address(context.logits.begin), np.float32)

    def logits(self, tokens: Sequence[int]) -> Array:
        """Logits after each token, of the shape (tokens, vocabulary)."""
        self._run([0, 1, 2, 3], 0)  # measures the memory that a token takes, as the package does
        return np.stack([self._run([token], past) for past, token in enumerate(tokens)])


def _initialise(library: ctypes.CDLL) -> None:
    """Lets ggml fill its tables of half precision, as its first context does."""
    initialise = library.ggml_init
    initialise.restype, initialise.argtypes = ctypes.c_void_p, [_Parameters]
    sizes = np.zeros(32, np.int64)
    sizes[0] = 1 << 20
    initialise(_Parameters.from_buffer_copy(sizes.tobytes()))


def quantize(folder: Path, era: str, kind: str, values: Array) -> bytes:
    """The values as ggml of an era writes them to a file; kind is a type such as Q4_0."""
    library = ctypes.CDLL(str(folder / LIBRARIES / f"libllamamodel-{era}-default.so"))
    _initialise(library)
    name = kind.lower().replace("_k", "_K")
    source = np.ascontiguousarray(values, np.float32)
    out = np.zeros(source.nbytes, np.uint8)
    histogram = (ctypes.c_int64 * 16)()
    quantize_chunk = getattr(library, f"ggml_quantize_{name}")
    quantize_chunk.restype = ctypes.c_size_t
    size = quantize_chunk(
        source.ctypes.data_as(ctypes.POINTER(ctypes.c_float)),
        out.ctypes.data_as(ctypes.c_void_p),
        ctypes.c_int(source.size),
        ctypes.c_int(source.size),  # one row: the K-quants quantise no more than the first
        histogram,
    )
    return out[:size].tobytes()


def quantize_file(folder: Path, era: str, source: Path, target: Path, file_type: int) -> None:
    """llama.cpp's own quantiser: rewrites a LLaMA file in its era's newest container."""
    library = ctypes.CDLL(str(folder / LIBRARIES / f"libllamamodel-{era}-default.so"))
    if era == "mainline":
        library.llama_init_backend(ctypes.c_bool(False))
        library.llama_model_quantize_default_params.restype = _QuantizeParameters
        parameters = library.llama_model_quantize_default_params()
        parameters.threads, parameters.file_type = 1, file_type
        failed = library.llama_model_quantize(bytes(source), bytes(target), ctypes.byref(parameters))
    else:
        _initialise(library)
        failed = library.llama_model_quantize(bytes(source), bytes(target), file_type, 1)
    if failed:
        raise RuntimeError(f"{source} was not quantised")
