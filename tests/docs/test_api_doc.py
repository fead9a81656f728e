"""docs/api.md says what programs get: each of its examples runs against a real server and prints what is shown."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from ui.web.interfaces import ROUTERS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"<!-- run(?:: (\w+))? -->\n```(sh|python)\n(.*?)```\n```\n(.*?)```\n", PAGE, re.DOTALL)
NAMES = [f"{number}-{language}" for number, (_, language, *_) in enumerate(EXAMPLES)]


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with the sample articles in an index, and a command `assay` of this very tree on the path."""
    folder = tmp_path_factory.mktemp("api")
    command = folder / "bin" / "assay"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m ui.cli "$@"\n')
    command.chmod(0o755)
    environment = {**os.environ, "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    environment |= {"ASSAY_INDEX": str(folder / "minerals.assay"), "ASSAY_READER": "", "NO_PROXY": "*"}
    subprocess.run([command, "add", ROOT / "seeds" / "articles"], env=environment, cwd=folder, check=True, capture_output=True)
    return folder, environment


@contextmanager
def running(place, *arguments):
    """Run the command on a free port of this machine until the test is done; the port."""
    folder, environment = place
    port = free_port()
    command = [folder / "bin" / "assay", *arguments, "--port", str(port)]
    with subprocess.Popen(command, env=environment, cwd=folder, stderr=subprocess.PIPE) as server:
        try:
            deadline = time.monotonic() + 60
            while True:
                with socket.socket() as line:
                    if not line.connect_ex(("127.0.0.1", port)):
                        break
                assert server.poll() is None, server.stderr.read()
                assert time.monotonic() < deadline
                time.sleep(0.1)
            yield port
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(30)
        assert b"Traceback" not in server.stderr.read()


@pytest.fixture(scope="module")
def server(place):
    with running(place, "serve") as port:
        yield port


@pytest.fixture(scope="module")
def tools(place):
    with running(place, "mcp", "--http") as port:
        yield port


def printed(place, language, example):
    """What an example prints."""
    folder, environment = place
    program = ["bash", "-euo", "pipefail"] if language == "sh" else [sys.executable]
    done = subprocess.run([*program, "-c", example], env=environment, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def without_ends(text):
    """Lines without the spaces that end them, which break lines in Markdown."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def test_there_are_examples_of_every_interface():
    assert len(EXAMPLES) >= 10
    assert PAGE.count("<!-- run") == len(EXAMPLES)
    whole = "".join(example for *_, example, _ in EXAMPLES)
    for one in ("curl -s ", "curl -sN", "from openai", "langchain_openai", "stdio_client", "streamable_http_client", "gradio_client"):
        assert one in whole


@pytest.mark.parametrize(("needs", "language", "example", "shown"), EXAMPLES, ids=NAMES)
def test_an_example_prints_what_is_shown(place, server, request, needs, language, example, shown):
    for program in ("curl", "jq"):
        if program in example and not shutil.which(program):
            pytest.skip(f"{program} is not on this machine")
    ports = {"7860": server}
    if needs == "mcp":
        ports["7861"] = request.getfixturevalue("tools")
    for written, real in ports.items():
        example, shown = (text.replace(f"127.0.0.1:{written}", f"127.0.0.1:{real}") for text in (example, shown))
    expected = ".*?".join(re.escape(part) for part in without_ends(shown).split("…"))
    found = without_ends(printed(place, language, example))
    assert re.fullmatch(expected, found, re.DOTALL), found


def test_every_route_stands_in_its_table():
    told = set(re.findall(r"^\| `(GET|POST|DELETE) (/api/v1[^?`]*)", PAGE, re.MULTILINE))
    served = {
        (method, route.path.replace("{article_id:path}", "{id}"))
        for router in ROUTERS
        for route in router.routes
        if route.path.startswith("/api") and route.include_in_schema
        for method in route.methods
    }
    assert told == served


def test_the_settings_of_an_assistant_are_json():
    (written,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert json.loads(written)["mcpServers"]["assay"]["command"] == "assay"
