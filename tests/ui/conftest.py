"""What the tests of the command line share: the command on the small embedder, in this process and in one of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_web import contacts, net, site  # noqa: F401  # fixtures: the web of the tests

from ui.cli import main

ROOT = Path(__file__).parents[2]

#: The command on the small embedder, in a process of its own.
SMALL = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("small", {conftest!r})
small = importlib.util.module_from_spec(spec)
spec.loader.exec_module(small)
import index.library
index.library.SentenceTransformerEmbedder = lambda name, **_: small.HashedEmbedder(name)
from ui.cli import main
sys.exit(main())
"""


@pytest.fixture
def assay(tmp_path, monkeypatch, make_embedder, capsys):
    """`assay(*argv, code=0) -> (stdout, stderr)`: the command in this process, on the small embedder and an index of its own."""
    monkeypatch.setattr("index.library.SentenceTransformerEmbedder", lambda name, **_: make_embedder(name))
    monkeypatch.setenv("ASSAY_INDEX", str(tmp_path / "index"))
    monkeypatch.setenv("ASSAY_READER", "none")

    def run(*argv, code=0):
        found = main([str(argument) for argument in argv])
        out, err = capsys.readouterr()
        assert found == code, (argv, out, err)
        assert "Traceback" not in out + err
        return out, err

    return run


@pytest.fixture
def process(assay, tmp_path):  # noqa: ARG001  # which sets the environment
    """`process(*argv, **options)`: start the command in a process of its own, on the index that `assay` uses."""
    script = tmp_path / "small.py"
    script.write_text(SMALL.format(conftest=str(ROOT / "tests" / "conftest.py")))
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    def start(*argv, env=None, **options):
        command = [sys.executable, str(script), *map(str, argv)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**environment, **(env or {})}, **options)

    return start
