"""What `make` would run to install, read without running it."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INDEX = "https://torch.example.org/cpu"


def commands(tmp_path, *options):
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    command = ["make", "--dry-run", f"VENV={tmp_path / 'venv'}", *options, "demo"]
    environment = {name: value for name, value in os.environ.items() if name not in {"TORCH_INDEX", "MAKEFLAGS"}}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, env=environment)
    return [line for line in done.stdout.splitlines() if " pip install " in line]


def test_another_index_serves_torch_alone_at_the_pinned_version(tmp_path):
    first, *rest = commands(tmp_path, f"TORCH_INDEX={INDEX}")
    (pinned,) = re.findall(r"^torch==.+$", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert first.endswith(f" --no-deps --index-url {INDEX} {pinned}")
    assert rest == commands(tmp_path)
    assert not [line for line in rest if "--index-url" in line]
    assert all("--constraint constraints.txt" in line for line in rest)
