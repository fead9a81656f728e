"""Readers by name: ours, and any extractive question-answering model of Hugging Face's transformers.

Each is converted once into the fast runtime. Our own is kept as the difference from the packaged embedding model (`rag.network`) and joined
with it then. Knows nothing of what is read.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from index import DEFAULT_MODEL, ConversionError, ModelError, Recipe, cached_encoder, locate

from .network import INPUTS, add_difference, question_answering, reader_network
from .read import Calibration, SpanReader

if TYPE_CHECKING:
    from collections.abc import Iterator

    from index import ModelFiles

#: Our own reader: what `make train-reader` made.
OWN = "assay-reader"

#: The files of our reader: its facts, and what it adds to the embedding model's weights.
FACTS, WEIGHTS = "reader.json", "reader.safetensors"

#: The longest text of question and passage together, in tokens: a passage of ours and a question fit.
MAX_TOKENS = 384


def reader_named(name: str = OWN, *, download: bool = False) -> SpanReader:
    """Return the reader called `name`: ours, a folder, one of ours too, or a name on the hub, which is asked only when `download` is set.

    Raises `ModelError` when it cannot be had or converted, or is no model that finds answers in a text.
    """
    if name == OWN:
        return own_reader(Path(str(files("rag"))) / "model")
    with _told(name):
        ours = (Path(name) / FACTS).is_file()
    if ours:
        return own_reader(Path(name), name)
    found = locate(name, download=download, needs="config.json")
    with _told(name):
        return SpanReader(found.name, cached_encoder(f"reader-{found.sha256}", lambda: question_answering(found.folder)))


def own_reader(folder: Path, name: str = OWN) -> SpanReader:
    """Return the reader of ours whose facts and difference lie in `folder`; raises `ModelError`."""
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        calibration = Calibration(**{name: (float(pair[0]), float(pair[1])) for name, pair in facts["calibration"].items() if pair})
        sha256, base_sha256 = str(facts["sha256"]), str(facts["base_sha256"])
    except FileNotFoundError as error:
        raise ModelError(f"expected a reader in {folder}, found none; `make train-reader` makes one") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder / FACTS}: expected the facts of a reader, found {type(error).__name__}; train it anew") from error
    base = locate(DEFAULT_MODEL)
    if base.sha256 != base_sha256:
        raise ModelError(f"expected a reader for the embedding model {base.sha256[:12]}…, found one for {base_sha256[:12]}…; train it anew")
    key = hashlib.sha256(f"{base.sha256} {sha256}".encode()).hexdigest()
    with _told(name):
        return SpanReader(name, cached_encoder(f"reader-{key}", lambda: _joined(base, folder / WEIGHTS, sha256)), calibration)


def _joined(base: ModelFiles, weights: Path, sha256: str) -> Recipe:
    """Describe how our network is converted, once its trained weights are known to be those that were written."""
    data = weights.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ModelError(f"{weights}: damaged; train it anew")
    module = reader_network(base.folder)
    add_difference(module, data)
    tokenizer = (base.folder / "tokenizer.json").read_text(encoding="utf-8")
    return Recipe(module=module, tokenizer=tokenizer, inputs=INPUTS, max_tokens=MAX_TOKENS, pad_id=0, about={})


@contextmanager
def _told(name: str) -> Iterator[None]:
    """Raise what goes wrong in a conversion as one line for the user."""
    try:
        yield
    except (ConversionError, OSError, ValueError, KeyError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
        raise ModelError(f"reader {name!r} cannot be loaded: {reason}") from error
