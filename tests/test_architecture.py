"""The house rules, read off the source itself: who may import whom, what stays in one place, and how large things grow."""

import ast
import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from index import Article, Library

REPOSITORY = Path(__file__).parents[1]

#: Each room with those it may import.
ROOMS = {"index": set(), "rag": {"index"}, "eval": {"index", "rag"}, "ui": {"index", "rag"}, "seeds": set()}

#: Further arrows between rooms, by module.
ARROWS = {"ui/evaluation.py": {"eval"}, "ui/evaluation_page.py": {"eval"}, "ui/web/past_runs.py": {"eval"}, "ui/web/runs.py": {"eval"}}

#: Foreign libraries in more than one module of a room, with the reason.
IN_SEVERAL = {
    ("index", "torch"): {"index/embed.py", "index/runtime.py"},  # the reference model, and its conversion into the fast one
    ("eval", "tqdm"): {
        *("eval/bench/__main__.py", "eval/experiments/calibrate.py", "eval/experiments/figures.py", "eval/experiments/growth.py"),
        *(
            "eval/experiments/copies.py",
            "eval/experiments/overhead.py",
            "eval/suite/__main__.py",
            "eval/suite/claims.py",
            "eval/suite/reader.py",
        ),
        *("eval/training/fit.py", "eval/training/keep.py", "eval/training/lessons.py"),
        *("eval/training/verdicts.py", "eval/training/weights.py"),
    },  # a bar for each long measurement
    ("eval", "torch"): {
        *("eval/training/fit.py", "eval/training/layers.py", "eval/training/objective.py"),
    },  # the loop, what it is quick in, and what it minimises
    ("eval", "scipy"): {
        *("eval/experiments/calibrate.py", "eval/training/keep.py", "eval/training/weights.py"),  # an optimiser
        "eval/significance.py",  # the tests of the textbooks
    },
    ("eval", "sklearn"): {
        *("eval/experiments/calibrate.py", "eval/training/weights.py"),  # logistic regressions
        *("eval/suite/claims.py", "eval/suite/reader.py"),  # the curve's area
    },
    ("eval", "ir_measures"): {"eval/measures.py", "eval/grading/trec.py"},  # the benchmark's means, until it is graded as runs are
    ("eval", "langchain_core"): {"eval/bench/stock.py", "eval/metering.py"},  # the peer, and what models report of their use
    ("eval", "matplotlib"): {"eval/bench/plots.py", "eval/report/plots.py"},  # a figure of the documentation, and those of a report
    ("eval", "numpy"): ...,  # arrays are a vocabulary, not a seam
    ("index", "numpy"): ...,
    ("rag", "numpy"): ...,
    ("rag", "torch"): {"rag/cross_encoder.py", "rag/network.py"},  # the user's model as it comes, and ours until it is converted
    ("rag", "safetensors"): {"rag/cross_encoder.py", "rag/network.py"},  # as above
    ("ui", "gradio"): ...,  # the page's tabs, one module each
    ("ui", "fastapi"): ...,  # the interfaces for programs, one module each
    ("ui", "starlette"): ...,  # the guard and the interfaces
    ("ui", "pydantic"): ...,  # what the interfaces take and give, and their tools
    ("rag", "langchain_core"): ...,  # one seam to each of its interfaces: see LANGCHAIN
}

#: Modules that are LangChain's classes through and through; the face loads them only when they are asked for.
LANGCHAIN = {"rag/adapters.py", "rag/chain.py", "rag/embeddings.py"}

#: Modules that are torch through and through; only training loads them.
TRAINING = {"eval/training/fit.py", "eval/training/layers.py", "eval/training/objective.py"}

#: Where what serves lives; only the verbs that serve load it.
SERVING = "ui/web/"

LONGEST_FUNCTION, LONGEST_MODULE = 60, 600

#: Top-level modules that a cold question must not pay for.
TOO_HEAVY = {
    *("torch", "sentence_transformers", "transformers", "langchain", "langchain_core", "langgraph", "langsmith", "gradio", "fastapi"),
    *("trafilatura", "lxml", "markdown_it", "pandas", "scipy", "sklearn", "nupunkt", "ir_measures", "huggingface_hub", "pydantic", "httpx"),
}

#: What a cold question does load of others' code.
LOADED_BY_ASK = {"numpy", "faiss", "tantivy", "openvino", "tokenizers", "rich"}

#: What these and the interpreter bring along.
BROUGHT_ALONG = {"openvino_telemetry", "packaging", "_distutils_hack", "pygments"}


def modules():
    return [path for room in ROOMS for path in sorted((REPOSITORY / room).rglob("*.py"))]


def name_of(path):
    return path.relative_to(REPOSITORY).as_posix()


def for_types_only(tree):
    """The nodes under `if TYPE_CHECKING:`."""
    blocks = [node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")]
    return {inner for block in blocks for statement in block.body for inner in ast.walk(statement)}


def imports(path, *, types=False):
    """(module, names, level, line) of each import; those for type checkers alone only when asked for."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    left_out = set() if types else for_types_only(tree)
    for node in ast.walk(tree):
        if node in left_out:
            continue
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, (), 0, node.lineno
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "", tuple(alias.name for alias in node.names), node.level, node.lineno


each_module = pytest.mark.parametrize("path", modules(), ids=name_of)


# --- rooms ------------------------------------------------------------------------------------------------------------


def test_every_room_has_a_face_and_there_are_no_others():
    packages = {path.parent.name for path in REPOSITORY.glob("*/__init__.py")}
    assert packages == set(ROOMS)
    wheel = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert set(wheel["packages"]) == set(ROOMS)
    assert not list((REPOSITORY / "tests").rglob("__init__.py"))


@each_module
def test_rooms_import_one_way_and_from_the_face(path):
    room = name_of(path).split("/")[0]
    allowed = ROOMS[room] | ARROWS.get(name_of(path), set())
    for module, names, level, line in imports(path, types=True):
        if level or module.split(".")[0] not in ROOMS:
            continue
        other = module.split(".")[0]
        assert other != room, f"line {line}: inside a room imports are relative"
        assert other in allowed, f"line {line}: {room} may not import {other}"
        assert module == other, f"line {line}: {module} is inside {other}; import from its face"
        assert names, f"line {line}: `import {module}` takes a common name; write `from {module} import …`"
        face = (REPOSITORY / other / "__init__.py").read_text(encoding="utf-8")
        if "__all__" in face:
            exported = ast.literal_eval(
                next(n.value for n in ast.parse(face).body if isinstance(n, ast.Assign) and ast.unparse(n.targets[0]) == "__all__")
            )
            assert set(names) <= set(exported), f"line {line}: {set(names) - set(exported)} is not on the face of {other}"


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_no_name_of_a_face_is_that_of_a_module(room):
    """Once a module is loaded its package has it under its name, and the face would never be asked for another of that name."""
    tree = ast.parse((REPOSITORY / room / "__init__.py").read_text(encoding="utf-8"))
    exported = [
        ast.literal_eval(node.value) for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    modules_here = {path.stem for path in (REPOSITORY / room).iterdir()}
    assert not modules_here & {name for names in exported for name in names}


@each_module
def test_relative_imports_stay_in_their_room(path):
    depth = len(path.relative_to(REPOSITORY).parts) - 1
    for _, _, level, line in imports(path, types=True):
        assert level <= depth, f"line {line}"


def test_modules_do_not_import_each_other_in_circles():
    """Face modules aside: they load their names when asked."""
    arrows = {}
    for path in modules():
        package = path.relative_to(REPOSITORY).parent.parts
        for module, names, level, _ in imports(path):
            if level:
                base = package[: len(package) - level + 1]
                targets = [base + tuple(module.split("."))] if module else [(*base, name) for name in names]
                arrows.setdefault(name_of(path), set()).update("/".join(target) + ".py" for target in targets)
    done, open_ = set(), []

    def visit(name):
        assert name not in open_, " → ".join([*open_, name])
        if name not in done:
            open_.append(name)
            for target in sorted(arrows.get(name, ())):
                visit(target)
            done.add(open_.pop())

    for name in sorted(arrows):
        if not name.endswith("__init__.py"):
            visit(name)


# --- foreign libraries ------------------------------------------------------------------------------------------------


def test_each_foreign_library_is_imported_in_one_module_a_room():
    homes = {}
    for path in modules():
        room = name_of(path).split("/")[0]
        for module, _, level, _ in imports(path):
            library = module.split(".")[0]
            if not level and library not in ROOMS and (library not in sys.stdlib_module_names or library == "sqlite3"):
                homes.setdefault((room, library), set()).add(name_of(path))
    several = {place: names for place, names in homes.items() if len(names) > 1 and IN_SEVERAL.get(place) is not ...}
    assert several == {place: names for place, names in IN_SEVERAL.items() if names is not ...}
    assert homes["index", "sqlite3"] == {"index/store.py"}
    assert homes["index", "faiss"] == {"index/dense.py"}
    assert homes["index", "tantivy"] == {"index/lexical.py"}
    assert homes["index", "openvino"] == {"index/runtime.py"}
    assert homes["index", "sentence_transformers"] == {"index/embed.py"}
    assert homes["index", "httpcore"] == {"index/web/connection.py"}
    assert homes["rag", "langchain_core"] == LANGCHAIN


def test_only_the_two_verbs_that_add_can_fetch():
    """Nothing that serves, answers or measures gets hold of what fetches addresses."""
    fetching = {"Web", "Reach", "Limits", "is_web_address"}
    holders = {
        name_of(path)
        for path in modules()
        for module, names, level, _ in imports(path)
        if (module == "index" and fetching & set(names)) or (level and module.split(".")[0] == "web" and name_of(path).startswith("index/"))
    }
    assert holders == {"index/library.py", "ui/fetching.py"}
    looking_up = {
        name_of(path)
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"getaddrinfo", "gethostbyname"}
    }
    assert looking_up == {"index/web/resolve.py", "ui/web/listening.py"}  # the latter looks for the addresses that it listens on


def test_no_module_is_named_after_a_dependency():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = project["dependencies"] + [line for lines in project["optional-dependencies"].values() for line in lines]
    distributions = {requirement.split(">")[0].split("=")[0].split("[")[0].strip().lower().replace("-", "_") for requirement in declared}
    imported = {module.split(".")[0] for path in modules() for module, _, level, _ in imports(path, types=True) if not level}
    foreign = distributions | imported - sys.stdlib_module_names - set(ROOMS)
    assert {"faiss", "tantivy", "gradio", "langchain_core"} <= foreign
    assert [name_of(path) for path in modules() if path.stem in foreign] == []


@each_module
def test_heavy_libraries_are_imported_where_they_are_used(path):
    if name_of(path) in LANGCHAIN | TRAINING or name_of(path).startswith(SERVING):
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    at_once = [node for statement in tree.body for node in ([statement] if isinstance(statement, ast.Import | ast.ImportFrom) else [])]
    names = {alias.name.split(".")[0] for node in at_once if isinstance(node, ast.Import) for alias in node.names}
    names |= {(node.module or "").split(".")[0] for node in at_once if isinstance(node, ast.ImportFrom) and not node.level}
    assert not names & (TOO_HEAVY | LOADED_BY_ASK - {"numpy"})


# --- size and safety --------------------------------------------------------------------------------------------------


@each_module
def test_nothing_outgrows_what_can_be_read(path):
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST_MODULE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno + 1 <= LONGEST_FUNCTION, node.name


@each_module
def test_every_module_says_what_it_is_for(path):
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


DANGEROUS_MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "code", "runpy"}
DANGEROUS_NAMES = {"eval", "exec", "compile", "__import__"}
DANGEROUS_ATTRIBUTES = {
    ("yaml", "load"),
    ("yaml", "unsafe_load"),
    ("torch", "load"),
    ("os", "system"),
    ("os", "popen"),
    ("numpy", "load"),
    ("np", "load"),
}


@each_module
def test_nothing_read_is_ever_run(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not {module.split(".")[0] for module, _, level, _ in imports(path) if not level} & DANGEROUS_MODULES
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in DANGEROUS_NAMES, node.lineno
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) not in DANGEROUS_ATTRIBUTES, node.lineno
        if isinstance(node, ast.keyword) and node.arg in {"shell", "trust_remote_code", "allow_pickle"}:
            assert ast.unparse(node.value) == "False", node.lineno


@pytest.mark.parametrize("room", ["index", "rag"])
def test_library_rooms_never_print_and_never_read_the_command_line(room):
    for path in sorted((REPOSITORY / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"print", "input", "breakpoint"}, f"{name_of(path)}:{node.lineno}"
            if isinstance(node, ast.Attribute):
                assert ast.unparse(node) not in {"sys.argv", "sys.stdout", "sys.stderr", "sys.stdin"}, f"{name_of(path)}:{node.lineno}"


# --- what a question costs --------------------------------------------------------------------------------------------

ASK = """
import json, sys
from ui.cli import main
code = main(["ask", "--index", {folder!r}, *{words!r}])
foreign = {{name.split(".")[0] for name, module in sys.modules.items() if "site-packages" in (getattr(module, "__file__", None) or "")}}
print(json.dumps([code, sorted(foreign)]))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An index made with the model that is shipped."""
    folder = tmp_path_factory.mktemp("architecture") / "i"
    with Library.open(folder) as library:
        library.add(Article(id="a", text="Chile presented a lithium plan in April 2023.", title="Plan"))
    return folder


@pytest.mark.parametrize(
    "words", [["When did Chile present its lithium plan?"], ["When did Chile present its lithium plan?", "--json"]], ids=["text", "json"]
)
def test_a_question_loads_only_what_it_needs(folder, words):
    script = ASK.format(folder=str(folder), words=words)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    code, foreign = json.loads(done.stdout.splitlines()[-1])
    assert code == 0
    assert "April 2023" in done.stdout
    assert not set(foreign) & TOO_HEAVY
    assert {"numpy", "openvino", "tokenizers"} <= set(foreign) <= LOADED_BY_ASK | BROUGHT_ALONG


def test_a_question_tells_nobody(folder):
    script = ASK.format(folder=str(folder), words=["When did Chile present its lithium plan?"])
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert "openvino_telemetry" not in json.loads(done.stdout.splitlines()[-1])[1]
