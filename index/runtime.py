"""A transformer encoder made fast: converted once, cached, compiled, run.

Takes any torch module that maps the token ids of a text, or of a pair of texts, to one tensor, and runs it in OpenVINO, in bfloat16
where the processor has it. Knows nothing of what the tensor means, of prompts, articles or questions.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import stat
import sys
import tempfile
import threading
import warnings
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .durable import sha256_of, sync_folder
from .tokens import TextTokenizer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from openvino import CompiledModel
    from tokenizers import Encoding
    from torch import nn

#: Sequences are padded to a multiple of this: fewer shapes, and a new shape costs a compilation of its kernels.
LENGTH_STEP = 8

#: One inference takes about this many tokens (16 passages of 256, 64 sentences of 64): larger batches were slower.
BATCH_TOKENS = 4096

_BLOB, _TOKENIZER, _MANIFEST = "model.blob", "tokenizer.json", "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a conversion needs: the module, its tokenizer, its inputs, and facts to keep beside them."""

    module: nn.Module
    """Called with one keyword a name of `inputs`, int64 (batch, length); returns float (batch, …) or (batch, length, …)."""
    tokenizer: str
    """The tokenizer as `tokenizers` JSON."""
    inputs: tuple[str, ...]
    max_tokens: int
    pad_id: int
    about: Mapping[str, Any]
    """JSON values that the caller wants back from the cache."""


class ConversionError(RuntimeError):
    """A module is of a kind that cannot be converted."""


class Encoder(TextTokenizer):
    """A compiled encoder and its tokenizer. Safe to share between threads."""

    def __init__(self, folder: Path) -> None:
        """Load what `convert` left in `folder`; raises OSError, ValueError or RuntimeError when it is incomplete or unusable."""
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        if manifest.pop("seal") != _seal(manifest):
            raise ValueError(f"{folder / _MANIFEST} is not what was written")
        _verify(folder, manifest["sha256"])
        super().__init__((folder / _TOKENIZER).read_text(encoding="utf-8"), manifest["max_tokens"])
        self.about: Mapping[str, Any] = manifest["about"]
        self._inputs: tuple[str, ...] = tuple(manifest["inputs"])
        self._pad_id: int = manifest["pad_id"]
        self._mapped = np.memmap(folder / _BLOB, dtype=np.uint8, mode="c")  # the model reads from it for as long as it lives
        self._model = _import(self._mapped)
        self._local = threading.local()

    def run(self, encodings: Sequence[Encoding], *, done: Callable[[int], object] = lambda _: None) -> list[NDArray[np.float32]]:
        """Return the module's output for each encoding, in order; `done` is told the size of each finished batch.

        Where the module returns something a token, a row may be longer than its encoding: the rest belongs to padding.
        """
        if not encodings:
            return []
        order = sorted(range(len(encodings)), key=lambda i: -len(encodings[i].ids))
        rows: list[NDArray[np.float32] | None] = [None] * len(encodings)
        for batch in _batches(order, [len(encoding.ids) for encoding in encodings]):
            output = self._infer([encodings[i] for i in batch])
            for i, row in zip(batch, output, strict=True):
                rows[i] = row
            done(len(batch))
        return [row for row in rows if row is not None]

    def _infer(self, batch: list[Encoding]) -> NDArray[np.float32]:
        length = _padded(max(len(encoding.ids) for encoding in batch))
        feed = {name: np.zeros((len(batch), length), np.int64) for name in self._inputs}
        feed["input_ids"].fill(self._pad_id)
        for i, encoding in enumerate(batch):
            n = len(encoding.ids)
            feed["input_ids"][i, :n] = encoding.ids
            feed["attention_mask"][i, :n] = 1
            if "token_type_ids" in feed:
                feed["token_type_ids"][i, :n] = encoding.type_ids
        if not hasattr(self._local, "request"):
            self._local.request = self._model.create_infer_request()  # one a thread: a request is not shared
        output = self._local.request.infer(feed, share_inputs=True)[0]
        return np.array(output, dtype=np.float32)


def cached_encoder(key: str, make: Callable[[], Recipe]) -> Encoder:
    """Return the encoder cached under `key`, converting what `make` returns when there is none or it is damaged.

    The cache is `$XDG_CACHE_HOME/assay/models` (else `~/.cache/…`); where that cannot be written, a temporary folder serves
    this process alone. `key` must change whenever the weights or the configuration do. Raises what `make` raises, and
    `ConversionError`.
    """
    name, recipe = conversion_name(key), None
    for place in (_cache, _temporary):
        try:
            folder = place() / name
        except OSError:
            continue
        with contextlib.suppress(OSError, ValueError, KeyError, RuntimeError):
            return Encoder(folder)
        recipe = recipe or make()  # what is wrong with the model is told as it is
        try:
            _convert(recipe, folder)
        except OSError:
            continue  # read-only home, full disk: the next place
        return Encoder(folder)
    raise OSError(f"expected a writable cache folder, found none: set XDG_CACHE_HOME (tried {cache_folder()})")


def conversion_name(key: str) -> str:
    """Return `key` with all that a conversion depends on beside the model: OpenVINO's version and the precision."""
    return f"{key}-openvino{version('openvino').split('-')[0]}-{precision()}"


def cache_folder() -> Path:
    """Return the folder where converted models and checksums are kept."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "assay"


def _cache() -> Path:
    folder = cache_folder() / "models"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _temporary() -> Path:
    """Return our folder in the shared temporary one; raises OSError where somebody else made it or can write to it."""
    folder = Path(tempfile.gettempdir()) / f"assay-{os.getuid()}"
    folder.mkdir(exist_ok=True, mode=0o700)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise PermissionError(f"{folder} is not ours alone")
    return folder


def precision() -> str:
    """Return `bf16` where the processor computes in bfloat16, else `f32`."""
    return "bf16" if "BF16" in _core().get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"


def _openvino() -> Any:
    """Import OpenVINO without its telemetry, which would report every run to a server that nobody named."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None means: not to be imported
    import openvino

    return openvino


def _core() -> Any:
    return _openvino().Core()


def _settings() -> dict[str, str]:
    return {"INFERENCE_PRECISION_HINT": precision(), "PERFORMANCE_HINT": "LATENCY"}


def _import(blob: NDArray[np.uint8]) -> CompiledModel:
    return _core().import_model(_openvino().Tensor(blob, shared_memory=True), "CPU", _settings())


def _padded(length: int) -> int:
    return -(-length // LENGTH_STEP) * LENGTH_STEP


def _batches(order: Sequence[int], lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield runs of `order`, longest first, each of at most `BATCH_TOKENS` tokens, all padded as each would be alone.

    So what comes out for a text does not depend on what it is computed with: more padding moves a bfloat16 by its last bit or two.
    That costs no time: there are more batches, but less padding.
    """
    batch: list[int] = []
    for i in order:
        length = _padded(lengths[i])
        if batch and (length != _padded(lengths[batch[0]]) or (len(batch) + 1) * length > BATCH_TOKENS):
            yield batch
            batch = []
        batch.append(i)
    yield batch


def _convert(recipe: Recipe, folder: Path) -> None:
    """Write the compiled form of `recipe` to `folder`: whole, synced and checksummed, or not at all."""
    partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=folder.parent))
    try:
        (partial / _TOKENIZER).write_text(recipe.tokenizer, encoding="utf-8")
        (partial / _BLOB).write_bytes(_converted(recipe))
        manifest = {
            "inputs": recipe.inputs,
            "max_tokens": recipe.max_tokens,
            "pad_id": recipe.pad_id,
            "about": dict(recipe.about),
            "sha256": {name: sha256_of(partial / name) for name in (_TOKENIZER, _BLOB)},
        }
        sealed = json.dumps(manifest | {"seal": _seal(manifest)}, indent=1)
        (partial / _MANIFEST).write_text(sealed, encoding="utf-8")  # last: its presence means all is there
        sync_folder(partial)
        shutil.rmtree(folder, ignore_errors=True)  # damaged, or it would have loaded
        with contextlib.suppress(FileExistsError):  # another process converted the same model meanwhile
            partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _converted(recipe: Recipe) -> bytes:
    try:
        return _compile(recipe)
    except (OSError, MemoryError):
        raise  # the machine's fault, not the module's
    except Exception as error:  # the seam: OpenVINO's errors have no base of their own, and any module may come
        raise ConversionError(f"{type(error).__name__}: {error}") from error


def _compile(recipe: Recipe) -> bytes:
    import torch

    class Named(torch.nn.Module):
        """Gives the inputs their names: OpenVINO reads them from `forward`."""

        def __init__(self) -> None:
            super().__init__()
            self.module = recipe.module

        def forward(self, *args: Any) -> Any:
            return self.module(**dict(zip(recipe.inputs, args, strict=True)))

    example = tuple(torch.ones((2, 16), dtype=torch.int64) for _ in recipe.inputs)
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # tracing warns of every shape that it records
        model = _openvino().convert_model(Named().eval(), example_input=example)
    for port, name in zip(model.inputs, recipe.inputs, strict=True):
        port.get_tensor().set_names({name})
    exported = _core().compile_model(model, "CPU", _settings()).export_model()
    return exported if isinstance(exported, bytes) else exported.getvalue()


def _seal(manifest: Mapping[str, Any]) -> str:
    """Return the checksum of a manifest's own words: a wrong `max_tokens` makes wrong vectors too."""
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _verify(folder: Path, expected: Mapping[str, str]) -> None:
    """Raise ValueError unless the files of `folder` are those that were written.

    Hashed in full each time: 90 MB take 60 ms, and a flipped bit in a model is a wrong answer that nobody sees.
    """
    for name, sha256 in expected.items():
        if sha256_of(folder / name) != sha256:
            raise ValueError(f"{folder / name} is not what was written")
