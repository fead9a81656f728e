"""The page on question sets: every example in it is a set of the format that it stands under."""

import re
from pathlib import Path

import pytest

from eval.formats import load_dataset
from eval.formats.load import FORMATS

PAGE = (Path(__file__).parents[3] / "docs" / "datasets.md").read_text(encoding="utf-8")

SECTIONS = {
    title: files
    for title, text in re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    if (files := re.findall(r"^```\w+ (\S+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL))
}


@pytest.mark.parametrize("title", SECTIONS)
def test_an_example_is_of_its_format(lay, title):
    paths = [lay(name, content) for name, content in SECTIONS[title]]
    found = load_dataset(paths[0].parent if paths[0].parent.name == "set" else paths[0])
    assert found.format.lower() == title.lower()
    assert all(one.qrels or one.history or one.answers or one.evidence or one.answerable is False for one in found.examples)


def test_the_page_has_every_format_in_the_order_of_recognition():
    places = [PAGE.index(f"| {one.name}") for one in FORMATS]
    assert places == sorted(places)
    assert len(SECTIONS) == len(FORMATS) + 1, "BEIR's folders have a section of their own"
