"""docs/fetching.md and docs/SECURITY.md name options that there are, and figures that are those of the code."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from index import Limits, Reach, Web
from index.web.fetch import MAX_REDIRECTS
from index.web.gather import PAUSE
from index.web.listing import FULL_CHARACTERS
from index.web.robots import LONGEST_PAUSE, MAX_BYTES
from index.web.sitemap import MAX_BYTES as SITEMAP_BYTES

ROOT = Path(__file__).parents[2]
FETCHING = " ".join((ROOT / "docs" / "fetching.md").read_text(encoding="utf-8").split())
SECURITY = " ".join(
    (ROOT / "docs" / "SECURITY.md").read_text(encoding="utf-8").partition("## What is fetched")[2].partition("\n## ")[0].split()
)


def test_every_option_that_is_named_exists():
    run = subprocess.run([sys.executable, "-m", "ui.cli", "add", "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    named = set(re.findall(r"--[a-z-]+", FETCHING + SECURITY))
    assert {"--allow-url", "--allow-port", "--most", "--since", "--as-listed", "--json"} <= named
    assert {option for option in named if option not in run.stdout} == set()


def test_the_place_that_is_linked_to_is_there():
    anchors = re.findall(r"SECURITY\.md#([\w-]+)", FETCHING)
    headings = re.findall(r"^## (.*)$", (ROOT / "docs" / "SECURITY.md").read_text(encoding="utf-8"), re.MULTILINE)
    made = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert anchors
    assert set(anchors) <= made


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        (FETCHING, f"{FULL_CHARACTERS:,} characters or more"),
        (FETCHING, f"{Web().most} by default"),
        (FETCHING, f"up to {LONGEST_PAUSE:.0f} s"),
        (FETCHING, f"{Limits().page_bytes // 10**6} MB of a web page, {Limits().file_bytes // 10**6} MB of anything else"),
        (FETCHING, f"{SITEMAP_BYTES >> 20} MiB of a sitemap"),
        (FETCHING, f"{Limits().seconds:.0f} s from the first look"),
        (SECURITY, f"{Limits().page_bytes // 10**6} MB a web page, {Limits().file_bytes // 10**6} MB anything else"),
        (SECURITY, f"{Limits().patience:.0f} s until something comes, {Limits().seconds:.0f} s in all"),
        (SECURITY, f"{MAX_BYTES >> 10} KiB that names tens of thousands"),
        (SECURITY, f"{Web().most} pages a run"),
        (SECURITY, "ports 80 and 443"),
        (SECURITY, "five at most"),
    ],
)
def test_the_figures_are_those_of_the_code(text, figure):
    assert figure in text
    assert (Reach().ports, MAX_REDIRECTS, PAUSE) == ({80, 443}, 5, 1.0)
