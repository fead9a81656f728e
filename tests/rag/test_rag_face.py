"""The face of the room: what is on it, and that asking for a name loads no more than the name needs."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import rag

REPOSITORY = Path(__file__).parents[2]
HEAVY = (
    "langchain_core",
    "langchain",
    "torch",
    "sentence_transformers",
    "transformers",
    "openvino",
    "faiss",
    "tantivy",
    "tokenizers",
    "trafilatura",
)


def loaded(code):
    """The heavy modules that `code` has loaded when it is done, in a process of its own."""
    script = f"{code}\nimport json, sys\nprint(json.dumps([name for name in {HEAVY} if name in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    return json.loads(done.stdout.splitlines()[-1])


def test_the_face_is_sorted_and_says_everything_once():
    assert rag.__all__ == sorted(set(rag.__all__), key=lambda name: (not name.isupper(), name[0].islower(), name))


def test_the_face_promises_to_type_checkers_what_it_loads():
    tree = ast.parse(Path(rag.__file__).read_text(encoding="utf-8"))
    imported = {
        alias.asname or alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level for alias in node.names
    }
    assert imported == set(rag.__all__)


@pytest.mark.parametrize("name", rag.__all__)
def test_every_name_loads_from_where_it_lives(name):
    value = getattr(rag, name)
    assert not isinstance(value, type(sys)), f"{name} is a module"
    if name.isupper():
        assert isinstance(value, int | float | str)
        return
    assert value.__module__.startswith("rag.")
    assert value.__name__ == name
    assert value.__doc__


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        rag.nothing  # noqa: B018 - the look-up is what is tried


LANGCHAIN = ("AssayEmbeddings", "AssayRetriever", "AssayVectorStore", "Chain", "LangChainEmbedder")


def test_all_but_the_chain_and_the_adapters_load_nothing_heavy():
    assert loaded("import rag") == []
    assert loaded("import rag; rag.Pipeline") == []
    assert loaded(f"import rag\nfor name in {[name for name in rag.__all__ if name not in LANGCHAIN]}: getattr(rag, name)") == []


def test_the_chain_and_the_adapters_load_langchains_core_and_no_more():
    assert loaded(f"import rag\nfor name in {LANGCHAIN}: getattr(rag, name)") == ["langchain_core"]
