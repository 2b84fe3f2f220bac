"""What a machine allows for a model's file: its bytes and products, by how fast the machine reads and multiplies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from gguf import GGUFReader


@dataclass(frozen=True)
class Work:
    """What a token takes of a file's matrices. Attention, which the types of weights do not concern, is left out.

    read: bytes of all matrices, which are read at least once for every batch.
    layers: products for each token.
    output: more products, for each token after which the next one is predicted.
    """

    read: int
    layers: int
    output: int


@dataclass(frozen=True)
class Machine:
    """How many bytes all threads together read, and how many products of 8 bits they add up, in a nanosecond."""

    bytes: float
    products: float

    def seconds(self, work: Work, tokens: int, predicted: int) -> float:
        """The least time for a batch: that of its products or of one reading of the matrices, if that takes longer."""
        products = tokens * work.layers + predicted * work.output
        return max(products / self.products, work.read / self.bytes) * 1e-9

    def prompt(self, work: Work, tokens: int) -> float:
        """Tokens of a prompt for a second, of which only the last predicts."""
        return tokens / self.seconds(work, tokens, 1)

    def decode(self, work: Work) -> float:
        """Tokens that are decoded for a second, one after the other."""
        return 1 / self.seconds(work, 1, 1)

    def chats(self, work: Work, count: int, prompt: int, answer: int) -> float:
        """Tokens for a second of so many answers that are decoded together after prompts of one length."""
        prompts = self.seconds(work, count * prompt, count)
        steps = (answer - 1) * self.seconds(work, count, count)  # the first token comes with the prompt
        return count * answer / (prompts + steps)


def work_of(path: Path) -> Work:
    """Reads it from a file's list of tensors."""
    matrices = {tensor.name: tensor for tensor in GGUFReader(path).tensors if len(tensor.shape) > 1}
    if "output.weight" in matrices:  # else the embeddings of tokens are the output as well
        del matrices["token_embd.weight"]
    predicts = matrices["output.weight" if "output.weight" in matrices else "token_embd.weight"]
    everything = sum(int(tensor.n_elements) for tensor in matrices.values())
    output = int(predicts.n_elements)
    return Work(sum(int(tensor.n_bytes) for tensor in matrices.values()), everything - output, output)
