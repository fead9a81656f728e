"""The face of the room: what it offers, each loaded from where it lives, again and again the same."""

import subprocess
import sys

import pytest

import eval as face  # the room under test


def test_the_face_is_pinned():
    assert sorted(face.__all__, key=str.lower) == sorted(face._HOME, key=str.lower)
    assert len(set(face.__all__)) == len(face.__all__)


@pytest.mark.parametrize("name", sorted(face._HOME))
def test_every_name_loads_and_stays_what_it_is(name):
    first = getattr(face, name)
    assert getattr(face, name) is first
    assert not isinstance(first, type(sys))


def test_an_unknown_name_is_refused():
    with pytest.raises(AttributeError, match="no attribute 'evaluation_of_nothing'"):
        face.evaluation_of_nothing  # noqa: B018  # the access is the test


def test_a_name_is_the_same_whichever_module_was_loaded_before():
    script = "import eval.comparison, eval.gating, eval.generating, eval.evaluation\nfrom eval import compare, gate, generate, evaluate\n"
    check = "assert all(callable(one) for one in (compare, gate, generate, evaluate))"
    subprocess.run([sys.executable, "-c", script + check], check=True)
