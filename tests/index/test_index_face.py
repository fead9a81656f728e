"""The face of the room: what is on it, and that asking for a name loads no more than the name needs."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import index

REPOSITORY = Path(__file__).parents[2]
HEAVY = tuple("openvino faiss torch sentence_transformers transformers tantivy tokenizers huggingface_hub nupunkt trafilatura".split())


def loaded(code):
    """The heavy modules that `code` has loaded when it is done, in a process of its own."""
    script = f"{code}\nimport json, sys\nprint(json.dumps([name for name in {HEAVY} if name in sys.modules]))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    return json.loads(done.stdout.splitlines()[-1])


def test_the_face_is_sorted_and_says_everything_once():
    assert index.__all__ == sorted(index.__all__, key=lambda name: (not name.isupper(), name))
    assert len(set(index.__all__)) == len(index.__all__)


def test_the_face_promises_to_type_checkers_what_it_loads():
    tree = ast.parse(Path(index.__file__).read_text(encoding="utf-8"))
    relative = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level]
    imported = {alias.asname or alias.name for node in relative for alias in node.names}
    assert imported == set(index.__all__)


@pytest.mark.parametrize("name", index.__all__)
def test_every_name_loads_from_where_it_lives(name):
    value = getattr(index, name)
    assert value is not None
    assert not isinstance(value, type(sys)), f"{name} is a module"
    assert getattr(value, "__module__", "index").startswith("index")


@pytest.mark.parametrize(
    "order",
    ["from index import Library, sentences", "from index import sentences, Library", "import index.library; from index import sentences"],
)
def test_names_are_the_same_in_whatever_order_they_are_asked_for(order):
    script = f"{order}\nprint(sentences('One. Two.'))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert done.stdout == "[Span(start=0, end=4), Span(start=5, end=9)]\n"


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        index.nothing  # noqa: B018 - the look-up is what is tried


def test_importing_the_room_loads_nothing_heavy():
    assert loaded("import index") == []


def test_values_and_opening_an_index_load_nothing_heavy(make_library):
    folder = make_library().folder
    assert loaded("from index import Article, ArticleFilter, Embedder, Library, Refusal, Span, View") == []
    assert loaded(f"from index import Library; Library.open({str(folder)!r}, create=False).articles()") == []


def test_asking_loads_neither_torch_nor_sentence_transformers(make_library):
    library = make_library([index.Article(id="a", text="Some words.", title="")])
    code = f"""
import sys
sys.path[:0] = ["tests", "."]
from conftest import HashedEmbedder
from index import Library
with Library.open({str(library.folder)!r}, model=HashedEmbedder()).view() as view:
    assert view.dense(view.embed_query("words"), 1).rows.size == view.lexical("words", 1).rows.size == 1
"""
    assert set(loaded(code)) <= {"faiss", "tantivy"}
