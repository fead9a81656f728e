"""The page of the reader's figures."""

import pytest

from eval.suite.reader import average_precision
from eval.suite.reader_page import Line, reader_page


def test_a_line_says_whether_its_aim_was_reached():
    better = Line("squad2", "EM", 0.4, 0.6, 0.55, 792)
    slower = Line("news2023", "ms", 40.0, 151.0, 150, 290, lower=True)
    free = Line("seeds", "right", 0.5, 0.7, None, 175)
    assert [one.reached for one in (better, slower, free)] == [True, False, None]
    page = reader_page([better, slower, free], {"Date": "today"})
    assert "| squad2 | EM | 0.400 | 0.600 | ≥ 0.550: reached | 792 |" in page
    assert "| news2023 | ms | 40 | 151 | ≤ 150: missed | 290 |" in page
    assert "| seeds | right | 0.500 | 0.700 | – | 175 |" in page
    assert "- Date: today" in page


def test_average_precision_by_the_textbook():
    """Manning, Raghavan & Schütze, Introduction to Information Retrieval, 8.4: right at ranks 1, 3 and 6 of three."""
    assert average_precision([True, False, True, False, False, True], 3) == pytest.approx((1 + 2 / 3 + 3 / 6) / 3)
    assert average_precision([False, True], 2) == pytest.approx(0.25)
    assert average_precision([], 2) == 0
