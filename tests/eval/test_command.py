"""How a command ends: its exit code, and one line on stderr for whatever went wrong."""

import pytest

from eval.command import carried_out
from index import AssayError


def failing(error):
    def work():
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (AssayError("expected a folder, found none"), 2, "bench: expected a folder, found none\n"),
        (FileNotFoundError(2, "No such file or directory", "x.json"), 2, "bench: No such file or directory: x.json\n"),
        (KeyboardInterrupt(), 130, "bench: interrupted; all is kept\n"),
    ],
)
def test_what_goes_wrong_is_one_line_and_a_code(capsys, error, code, said):
    assert carried_out("bench", failing(error), interrupted="all is kept") == code
    assert capsys.readouterr() == ("", said)


def test_work_that_is_done_says_nothing_more(capsys):
    done = []
    assert carried_out("bench", lambda: done.append(1), interrupted="") == 0
    assert done == [1]
    assert capsys.readouterr() == ("", "")


def test_a_fault_of_ours_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        carried_out("bench", failing(ZeroDivisionError()), interrupted="")
