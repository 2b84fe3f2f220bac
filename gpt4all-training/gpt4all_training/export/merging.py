"""An adapter and the model that it belongs to, as one model."""

from __future__ import annotations

from pathlib import Path

from ..errors import ModelError
from ..storage import make_folder
from ..train.models import load_model, load_tokenizer


def merge(base: Path, adapter: Path, out: Path) -> None:
    """Writes a folder with the merged model, computed in F32. Raises ModelError, OutputError."""
    import peft

    model = load_model(base, "float32")
    try:
        merged = peft.PeftModel.from_pretrained(model, adapter).merge_and_unload(safe_merge=True)
    except (ValueError, RuntimeError, KeyError) as error:
        remedy = "Train again"
        raise ModelError(f"cannot be merged into {base}: {error}", file=adapter, remedy=remedy) from error
    make_folder(out)
    merged.save_pretrained(out)
    load_tokenizer(adapter).save_pretrained(out)
