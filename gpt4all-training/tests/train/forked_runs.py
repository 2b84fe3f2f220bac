"""Runs of the command, each in a process of its own that has PyTorch already: importing it takes longer than training.

Reads folders from stdin, a line each, and runs their train.yaml. Of each it prints the process, and then how it ended.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module

from gpt4all_training.command_line import main
from gpt4all_training.train import libraries


def run() -> None:
    """Forks for each line."""
    libraries.prepare()
    import_module("gpt4all_training.train.callbacks")
    for line in sys.stdin:
        child = os.fork()
        if not child:
            os._exit(main(["train", f"{line.strip()}/train.yaml"]))
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    run()
