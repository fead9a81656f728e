"""What `make` would run to install, read without running it."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INDEX = "https://torch.example.org/cpu"


def dry_run(tmp_path, target, *options):
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    command = ["make", "--dry-run", "--no-print-directory", f"VENV={tmp_path / 'venv'}", *options, target]
    environment = {name: value for name, value in os.environ.items() if name not in {"TORCH_INDEX", "MAKEFLAGS", "BENCH"}}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=environment)
    return done.stdout.splitlines()


def commands(tmp_path, *options):
    return [line for line in dry_run(tmp_path, "demo", *options) if " pip install " in line]


def test_another_index_serves_torch_alone_at_the_pinned_version(tmp_path):
    first, *rest = commands(tmp_path, f"TORCH_INDEX={INDEX}")
    (pinned,) = re.findall(r"^torch==.+$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert first.endswith(f" --no-deps --index-url {INDEX} {pinned}")
    assert rest == commands(tmp_path)
    assert not [line for line in rest if "--index-url" in line]
    assert all("--constraint constraints.txt" in line for line in rest)


def test_the_benchmark_installs_its_peer_first_and_takes_flags(tmp_path):
    *before, last = dry_run(tmp_path, "bench", "BENCH=--sizes 20 60")
    assert last.endswith("-m eval.bench --sizes 20 60")
    assert [line for line in before if '--editable ".[bench]"' in line]
    assert not [line for line in dry_run(tmp_path, "demo") if "eval.bench" in line or "[bench]" in line]
