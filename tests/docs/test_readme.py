"""The README says what the program does: its demonstration, its Python example, its commands and its tree."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory):
    index = tmp_path_factory.mktemp("demo") / "index"
    command = [sys.executable, "-m", "ui.demo", "--index", str(index)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    return run.stdout.replace(f" --index {index}", "").replace(str(ROOT) + "/", "")


def without_figures(output):
    """Confidence differs in its last digit between processors, seconds between runs."""
    return re.sub(r"\d+\.\d+", "0.0", output).strip()


def test_the_first_command_stands_within_25_lines_and_prints_what_is_shown(demonstration):
    assert README[: README.index("$ make demo")].count("\n") < 25
    shown = re.search(r"<!-- demo:[^>]*-->\n```console\n(.*?)```\n<!-- /demo -->", README, re.DOTALL)
    assert shown, "the README shows no output of the demonstration"
    assert without_figures(shown.group(1)) == without_figures(demonstration)


def test_the_demonstration_answers_two_questions_with_quotes_and_is_silent_on_the_third(demonstration):
    answers = demonstration.split("$ assay ask")[1:]
    assert len(answers) == 3
    assert all("[1]" in answer and "“" in answer for answer in answers[:2])
    assert "The articles do not say" in answers[2]


def test_the_python_example_runs_and_quotes_its_source(tmp_path, monkeypatch, capsys):
    example = re.search(r"```python\n(.*?)```", README, re.DOTALL).group(1)
    assert 'Library.open("minerals.assay")' in example
    monkeypatch.chdir(ROOT)
    exec(compile(example.replace("minerals.assay", str(tmp_path / "minerals.assay")), "README.md", "exec"), {})  # noqa: S102  # the README's own words
    assert "[1]" in capsys.readouterr().out


def test_every_file_of_the_tree_is_there():
    tree = re.search(r"## How it is built\n\n```\n(.*?)```", README, re.DOTALL).group(1)
    folders: list[str] = []
    for line in tree.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        folders = folders[:depth]
        if found := re.match(r"\s*([a-z]+)/  ", line):
            folders.append(found[1])
            assert ROOT.joinpath(*folders).is_dir()
        for name in re.findall(r"\b[a-z_]+\.py\b", line):
            places = [folders, folders[:depth]]  # beside a folder's name stand what is in it and what is beside it
            assert any(ROOT.joinpath(*one, name).exists() for one in places), (
                f"{'/'.join(folders)}: {name} is in the README and nowhere else"
            )


def test_every_verb_that_the_readme_shows_is_known():
    shown = set(re.findall(r"^\$ assay ([a-z]+)", README, re.MULTILINE))
    run = subprocess.run([sys.executable, "-m", "ui.cli", "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert shown
    assert all(re.search(rf"^    {verb}\b", run.stdout, re.MULTILINE) for verb in shown)
