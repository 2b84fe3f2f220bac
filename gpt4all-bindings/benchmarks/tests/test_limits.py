"""What a file takes, and what a machine then allows."""

from __future__ import annotations

from pathlib import Path

import noise
import pytest
from gguf import GGUFWriter
from limits import Machine, Work, work_of
from numpy import float32, zeros
from small_noise import LAYERS, N_VOCAB, OF_LAYER, WIDTH, shrink

WORK = Work(read=450, layers=700, output=100)


def test_all_matrices_but_the_embeddings_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shrink(monkeypatch)
    work = work_of(noise.ensure(tmp_path, ["Q8_0"])["Q8_0"])
    layers, output = LAYERS * OF_LAYER, N_VOCAB * WIDTH
    assert work == Work((layers + output) * 34 // 32, layers, output)


def test_embeddings_are_read_if_they_are_the_output_too(tmp_path: Path) -> None:
    path = tmp_path / "tied.gguf"
    writer = GGUFWriter(path, "llama")
    writer.add_tensor("token_embd.weight", zeros((8, 32), float32))
    writer.add_tensor("output_norm.weight", zeros(32, float32))
    writer.add_tensor("blk.0.ffn_up.weight", zeros((16, 32), float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert work_of(path) == Work(read=4 * 32 * (8 + 16), layers=16 * 32, output=8 * 32)


def test_decoding_is_bound_by_reading_or_by_products() -> None:
    assert Machine(bytes=45, products=1e6).decode(WORK) == pytest.approx(1e9 / 10)
    assert Machine(bytes=1e6, products=8).decode(WORK) == pytest.approx(1e9 / 100)


def test_only_the_last_token_of_a_prompt_predicts() -> None:
    machine = Machine(bytes=450, products=100)
    assert machine.prompt(WORK, 10) == pytest.approx(10 / (10 * 7 + 1) * 1e9)


def test_a_batch_reads_the_matrices_once_for_all_chats() -> None:
    machine = Machine(bytes=45, products=800)
    # prompts: 8 * 10 * 700 + 8 * 100 products, 71 ns; then four steps of 8 * 800 products, 8 ns, or of reading, 10 ns
    assert machine.chats(WORK, 8, 10, 5) == pytest.approx(8 * 5 / (71 + 4 * 10) * 1e9)
