"""Comparisons and checks as text, Markdown and JUnit XML: what they say, and that no text of others gets out of its place."""

import json
import os
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from eval.comparison import Changed, Comparison, Contrast, Versus
from eval.gating import Bound, Check, Demand, State
from eval.junit_xml import junit
from eval.markdown import cell, table
from eval.measure import Family, Kind, Measure
from eval.significance import Difference, Method
from eval.statistics import Figure
from eval.summary import checks_markdown, checks_text, comparison_markdown, comparison_text
from eval.text import clipped, number, plain, probability, signed

HOSTILE = [
    *("<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "a | b", "a \\| b", "\\", "`code` ``| x``", "[x](http://evil.example)"),
    *(
        "![x](//evil.example/p.png)",
        "http://evil.example",
        "www.evil.example",
        "WWW.evil.example",
        "a@evil.example",
        "@everyone",
        "a\n\n# b",
    ),
    *(
        "| --- |",
        "&lt;b&gt; &amp; &#60;",
        "**b** _i_ ~~s~~",
        "<!-- ",
        "$x$",
        "\x00\x1b[2J\r\n\u2028",
        "\ud800",
        "\u202egnp.exe",
        "[^1]: x",
        "- x",
    ),
    *("</failure>]]>", "\ufffe\uffff", "1. x", "javascript:alert(1)", "<http://evil.example>", "{{7*7}}", "=1+1", "---", ""),
]


def hostile_lists():
    """Every text of the public lists of hostile strings."""
    folder = os.environ.get("ASSAY_DATA")
    if not folder:
        pytest.skip("ASSAY_DATA is not set: it names the folder of the public data")
    lines = (Path(folder) / "hostile" / "naughty_questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [text for line in lines for text in json.loads(line).values() if isinstance(text, str)]


# --- numbers and text -------------------------------------------------------------------------------------------------


def test_numbers_are_written_for_people():
    assert [number(0.70149), number(None), number(12.345, "ms"), number(1234.5, "ms"), number(0.0012, "USD")] == [
        *("0.701", "–", "12.3 ms", "1,234 ms", "0.0012 USD"),
    ]
    assert [signed(0.5), signed(-0.5), signed(0), signed(None)] == ["+0.500", "-0.500", "0.000", "–"]
    assert [number(-0.0001), signed(-0.0001), signed(0.0001), signed(0.0001, "USD")] == ["0.000", "0.000", "0.000", "+0.0001 USD"]
    assert [probability(0.04), probability(0.0004), probability(1), probability(None)] == ["0.040", "<0.001", "1.000", "–"]
    assert [clipped("abcdef", 6), clipped("abc defg", 5)] == ["abcdef", "abc…"]


@given(st.text())
def test_plain_text_is_one_line_that_a_terminal_only_prints(text):
    found = plain(text)
    assert len(found.splitlines()) <= 1
    assert not any(character in found for character in "\x1b\x07\x9b\u202e\u2066\u200b\ud800")
    assert plain(found) == found


# --- Markdown ---------------------------------------------------------------------------------------------------------


def rendered(markdown):
    """The cells of a page's tables, as text, by the parser; fails on anything but headings, paragraphs, tables and plain text."""
    cells, inside = [], False
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown):
        inside = token.type in {"th_open", "td_open"} or (inside and token.type == "inline")
        assert token.type.split("_")[0] in {"heading", "paragraph", "table", "thead", "tbody", "tr", "th", "td", "inline"}, token
        for child in token.children or ():
            assert child.type in {"text", "hardbreak", "softbreak"}, child
        if inside and token.type == "inline":
            cells.append("".join(child.content for child in token.children))
    return cells


def holds(texts):
    """Assert that a table of `texts` reads as these texts, each in its cell."""
    found = rendered(table(["n", "text"], [[str(n), text] for n, text in enumerate(texts)]))
    expected = ["n", "text", *(part for n, text in enumerate(texts) for part in (str(n), plain(text)))]
    assert [one.replace("@\u2060", "@") for one in found] == expected


def test_a_cell_reads_as_the_text_and_is_nothing_else():
    holds(HOSTILE)


def test_a_cell_holds_whatever_the_hostile_lists_hold():
    texts = hostile_lists()
    assert len(texts) > 400
    holds(texts)


@given(st.text(alphabet=st.sampled_from("|\\`*_[]()<>!&#;:@~$ \nawx.1"), max_size=30))
def test_a_cell_holds_whatever_is_written(text):
    holds([text])


def test_no_address_and_no_name_stands_in_the_source():
    """What other renderers make links of without any markup."""
    for text in ("see http://evil.example", "www.evil.example", "mail a@evil.example", "@everyone", "a@b"):
        assert not any(sign in cell(text) for sign in ("://", "www.", "a@e", "@e", "@b"))
    assert cell("nDCG@10") == "nDCG@10"


# --- checks -----------------------------------------------------------------------------------------------------------

PASSED = Check(demand=Demand(Bound.MIN, "nDCG@10", 0.7), state=State.PASSED, found=Figure(0.732, 0.69, 0.771, 82))
LUCK = Check(demand=Demand(Bound.MAX, "p95", 400), state=State.LUCK, found=Figure(412.3, 380.0, 450.0, 82, 3), unit="ms")
FAILED = Check(
    demand=Demand(Bound.MAX_DROP, "F1", 0.01), state=State.FAILED, found=Figure(0.05, 0.02, 0.08, 82), reason="from 0.800 to 0.750"
)
NOTHING = Check(demand=Demand(Bound.MIN, "EM", 0.5), state=State.FAILED, found=Figure(None, None, None, 0), reason="it applies to nothing")


def hostile_check(text):
    return Check(demand=Demand(Bound.MIN, text, 0.5), state=State.FAILED, found=Figure(None, None, None, 0), reason=text)


def test_checks_are_a_line_each():
    assert checks_text([PASSED, LUCK, FAILED, NOTHING]).splitlines() == [
        "passed  --min nDCG@10=0.7: 0.732 (0.690 to 0.771), n = 82",
        "luck?   --max p95=400: 412 ms (380 ms to 450 ms), n = 82, 3 apart; the interval does not exclude luck",
        "FAILED  --max-drop F1=0.01: a drop of 0.050 (0.020 to 0.080), n = 82; from 0.800 to 0.750",
        "FAILED  --min EM=0.5: it applies to nothing",
    ]
    assert len(checks_text([hostile_check(text) for text in HOSTILE]).splitlines()) == len(HOSTILE)


def test_checks_are_a_table_of_markdown():
    written = checks_markdown([PASSED, FAILED])
    assert written.startswith("### assay eval: 1 of 2 checks failed\n\n| ")
    assert rendered(written)[3:] == [
        *("passed", "--min nDCG@10=0.7", "0.732 (0.690 to 0.771), n = 82"),
        *("FAILED", "--max-drop F1=0.01", "a drop of 0.050 (0.020 to 0.080), n = 82; from 0.800 to 0.750"),
    ]
    assert checks_markdown([PASSED]).startswith("### assay eval: 1 check passed\n")
    assert len(rendered(checks_markdown([hostile_check(text) for text in HOSTILE]))) == 3 * (1 + len(HOSTILE))


def test_checks_are_a_suite_of_junit():
    root = ET.fromstring(junit([PASSED, LUCK, FAILED, NOTHING]))  # noqa: S314 -- our own
    assert root.tag == "testsuites"
    (suite,) = root
    assert {key: suite.get(key) for key in ("name", "tests", "failures", "errors")} == {
        "name": "assay eval",
        "tests": "4",
        "failures": "2",
        "errors": "0",
    }
    assert [case.get("name") for case in suite] == ["--min nDCG@10=0.7", "--max p95=400", "--max-drop F1=0.01", "--min EM=0.5"]
    assert [[child.tag for child in case] for case in suite] == [["system-out"], ["system-out"], ["failure"], ["failure"]]
    assert "does not exclude luck" in suite[1][0].text
    assert suite[2][0].get("message") == "FAILED  --max-drop F1=0.01: a drop of 0.050 (0.020 to 0.080), n = 82; from 0.800 to 0.750"


@given(st.lists(st.one_of(st.sampled_from(HOSTILE), st.text()), max_size=4))
def test_junit_is_xml_whatever_the_names(texts):
    written = junit([hostile_check(text) for text in texts])
    (suite,) = ET.fromstring(written.encode())  # noqa: S314 -- our own
    assert len(suite) == len(texts)
    for case, text in zip(suite, texts, strict=True):
        assert [child.tag for child in case] == ["failure"]
        assert plain(text).replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd") in case[0].get("message")


# --- comparisons ------------------------------------------------------------------------------------------------------


def contrast(name="F1", *, p=0.02, method=Method.FISHER, family=Family.ANSWER, **options):
    measure = Measure(name=name, family=family, definition="d", source="s", **options)
    found = Difference(a=0.5, b=0.75, value=0.25, low=0.125, high=0.375, p=p, n=40, method=method)
    return Contrast(measure=measure, difference=found, p_holm=p, better=(), worse=())


def comparison(*contrasts, better=(), worse=(), name="hybrid", **options):
    versus = Versus(
        baseline=name,
        other="dense",
        contrasts=contrasts,
        better=better,
        worse=worse,
        **({"better_count": len(better), "worse_count": len(worse)} | options),
    )
    return Comparison("multihop", 40, (versus,))


CHANGED = Changed(
    id="q7", gain=0.5, values=(("F1", 0.0, 1.0),), question="What is mined?", a="(no answer: not_supported)", b="Lithium. [1]"
)


def test_a_comparison_is_a_table_with_both_answers():
    said = comparison_text(
        comparison(
            contrast(),
            contrast("ECE", p=0.4, kind=Kind.CURVE, higher_is_better=False),
            contrast("latency", p=None, method=Method.UNTESTED, family=Family.COST, unit="ms"),
            better=(CHANGED,),
            better_count=5,
            left_out=("mine",),
        )
    )
    assert said.splitlines() == [
        "A  hybrid",
        "B  dense",
        "40 questions of multihop",
        "",
        "measure                    A        B  difference     95 % interval   n      p  p (Holm)  better  worse  equal",
        "F1                     0.500    0.750      +0.250  +0.125 to +0.375  40  0.020   0.020 *       0      0     40",
        "ECE (less is better)   0.500    0.750      +0.250  +0.125 to +0.375  40  0.400   0.400         –      –      –",
        "latency               0.5 ms  0.75 ms    +0.25 ms                 –  40      –       –         0      0     40",
        "",
        "1 of 2 measures differs significantly (* p < 0.05 by Fisher's randomisation, corrected by Holm).",
        "Costs are not tested: other questions would not show how the clock differs from run to run.",
        "In one of the runs only: mine.",
        "5 questions better, 0 worse; below, the 1 that changed most.",
        "",
        "better: q7  What is mined?",
        "  F1 0 → 1",
        "  A  (no answer: not_supported)",
        "  B  Lithium. [1]",
    ]


def test_a_comparison_is_markdown_with_the_answers_side_by_side():
    cells = rendered(comparison_markdown(comparison(contrast(), worse=(CHANGED,))))
    assert cells[11:22] == ["F1", "0.500", "0.750", "+0.250", "+0.125 to +0.375", "40", "0.020", "0.020 *", "0", "0", "40"]
    assert cells[22:] == [
        *("question", "A", "B", "changes"),
        *("q7: What is mined?", "(no answer: not_supported)", "Lithium. [1]", "F1 0 → 1"),
    ]


def test_a_descriptive_measure_has_its_p_and_is_said_to_stand_outside_the_correction():
    said = comparison_text(comparison(contrast(), replace(contrast("span_IoU", p=0.001), p_holm=None)))
    row = next(line for line in said.splitlines() if line.startswith("span_IoU"))
    assert row.split()[-6:] == ["40", "0.001", "–", "0", "0", "40"]
    assert "1 of 1 measure differs significantly" in said
    assert "Descriptive, more or less is no gain by itself, so not among the corrected: span_IoU." in said


def test_where_only_grades_were_compared_there_are_no_answers():
    changed = Changed(id="q7", gain=0.5, values=(("F1", 0.0, 1.0),))
    made = comparison(contrast(), better=(changed,))
    assert rendered(comparison_markdown(made))[22:] == ["question", "changes", "q7", "F1 0 → 1"]
    assert comparison_text(made).splitlines()[-2:] == ["better: q7", "  F1 0 → 1"]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_others_gets_out_of_its_place(text):
    changed = Changed(id=text, gain=1.0, values=((text, 0.0, 1.0),), question=text, a=text, b=text)
    made = comparison(contrast(text, unit=text), better=(changed,), name=text, left_out=(text,))
    assert len(rendered(comparison_markdown(made))) == 11 + 11 + 4 + 4
    said = comparison_text(made)
    assert len(said.splitlines()) == 3 + 1 + 2 + 1 + 3 + 1 + 4
    assert all(line.isprintable() or "\ufffe" in line for line in said.splitlines())


def test_long_answers_are_cut():
    changed = Changed(id="i" * 5000, gain=1.0, values=(("F1", 0.0, 1.0),), question="q" * 5000, a="a" * 5000, b="b" * 5000)
    assert len(comparison_text(comparison(contrast(), better=(changed,)))) < 2500
