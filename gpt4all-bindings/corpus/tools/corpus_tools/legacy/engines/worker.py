"""Does one thing with one engine and ends, as engines of 2023 may abort, and fit into a process only once.

Usage: python -m corpus_tools.legacy.engines.worker JOB.json    (what a Job is, see jobs.py)
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from . import ctransformers_2023, gpt4all_2023, llm_rs_2023, pygptj_2023
from .jobs import Job


def _opened(job: Job, path: Path) -> Any:
    if job.engine.startswith("gpt4all"):
        if job.architecture == "llama":
            return gpt4all_2023.Llama(job.folder, job.era, path)
        return gpt4all_2023.Example(job.folder, job.architecture, path)
    if job.engine == "pygptj-2.0.3":
        return pygptj_2023.Logits(job.folder, path)
    return ctransformers_2023.Logits(job.folder, job.architecture, path)


def do(job: Job) -> Any:
    """What the job asks for, as an array."""
    if job.do == "logits":
        return _opened(job, job.path).logits(job.tokens)
    if job.do == "greedy":
        return ctransformers_2023.Greedy(job.folder, job.architecture, job.path).greedy(job.tokens, job.count)
    if job.do == "quantize":
        values = np.load(job.path)
        return np.frombuffer(gpt4all_2023.quantize(job.folder, job.era, job.kind, values), np.uint8)
    if job.engine.startswith("llm-rs"):
        llm_rs_2023.quantize(job.folder, job.architecture, job.path, job.target, job.kind)
    else:
        gpt4all_2023.quantize_file(job.folder, job.era, job.path, job.target, job.file_type)
    return []


if __name__ == "__main__":
    given = Job.read(Path(sys.argv[1]))
    np.save(given.out, np.asarray(do(given)))
