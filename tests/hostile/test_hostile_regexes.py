"""The regular expressions of our own source: none takes forever over what an article, a question or a file may hold.

Run as a program, this file tries them; what never ends is ended by the test, from outside.
"""

import ast
import importlib
import itertools
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("index", "rag", "ui")

#: How a pattern is applied: at one place of a text, or at every place, where it may take the square of the text's length.
AT_ONE_PLACE, AT_EVERY_PLACE = {"match", "fullmatch"}, {"search", "sub", "findall", "finditer", "split"}

#: What texts are made of, besides the words of the pattern itself.
PIECES = [*" a1.-\"'<>[]()\n\t=/A,:\\_#|*é", "<!--", "-->", "a ", "x="]

#: At most so many texts of this length are tried on each pattern: what doubles with every word takes years by then.
PAIRS, CHARACTERS = 2_500, 500


def patterns():
    """Every pattern of the rooms, with the methods that its module calls by its name; where it calls none, those of one place."""
    found = {}
    for path in (path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")) if path.name != "__main__.py"):
        source = path.read_text(encoding="utf-8")
        module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        named = [(name, pattern) for name, value in vars(module).items() for pattern in (value if isinstance(value, tuple) else (value,))]
        for name, pattern in named:
            if isinstance(pattern, re.Pattern):
                called = set(re.findall(rf"\b{name}\.(\w+)\(", source)) & (AT_ONE_PLACE | AT_EVERY_PLACE)
                found.setdefault(pattern, set()).update(called or AT_ONE_PLACE)
        for pattern, method in re_calls(ast.parse(source)):
            found.setdefault(pattern, set()).add(method)
    return found


def re_calls(tree):
    """The patterns that stand in calls such as `re.sub(…)`, each with what is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and ast.unparse(node.func.value) == "re":
            method, first = node.func.attr, node.args[0] if node.args else None
            if method in AT_ONE_PLACE | AT_EVERY_PLACE and isinstance(first, ast.Constant):
                yield re.compile(first.value), method


def texts_against(written, chance):
    """Every two pieces over and over, alone and behind another, with an end that may spoil a match."""
    pieces = list(dict.fromkeys((*PIECES, *re.findall("[A-Za-z<>!/?-]{2,}", written))))
    pairs = list(itertools.product(pieces, pieces))
    for first, second in pairs if len(pairs) <= PAIRS else chance.sample(pairs, PAIRS):
        unit = first + second
        text = unit * (CHARACTERS // len(unit)) + chance.choice(["", *pieces])
        yield text
        yield chance.choice(pieces) + text


def try_all():
    """Apply every pattern to texts made against it; say which before each."""
    for number, (pattern, methods) in enumerate(patterns().items()):
        chance = random.Random(number)
        binary = isinstance(pattern.pattern, bytes)
        written = pattern.pattern.decode("latin-1") if binary else pattern.pattern
        print(ascii(written[:200]), flush=True)  # noqa: T201  # it is what the test reads
        for text in texts_against(written, chance):
            subject = text.encode("latin-1", "replace") if binary else text
            for method in sorted(methods):
                found = pattern.sub(subject[:0], subject) if method == "sub" else getattr(pattern, method)(subject)
                list(found or ()) if method == "finditer" else None  # which looks only as it is asked


def test_every_pattern_ends():
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    try:
        done = subprocess.run([sys.executable, __file__], capture_output=True, check=False, env=environment, timeout=120, text=True)
    except subprocess.TimeoutExpired as late:
        pytest.fail(f"takes forever: {late.stdout.decode().splitlines()[-1]}")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(patterns()) > 50


if __name__ == "__main__":
    try_all()
