"""The plots: drawn to scale, in the page's colours, with labels that were never the library's."""

import math
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.report.content import Bars, Curve, Difference, Estimate, Line, Series, Tone
from eval.report.drawing import COLOURS, Labels
from eval.report.legible import legible
from eval.report.panels import difference_panels, plot_panel

HOSTILE = ("$\\frac{1}{", "<script>alert(1)</script>", "a\nb\x00\ud800\u202e", "@0@xxxx", "漢字" * 40, "👩‍🔬", "", "]]>&amp;")


def drawing(panel):
    """The SVG of a panel, parsed as strictly as XML is."""
    return ET.fromstring(re.search(r'<svg class="drawing".*?</svg>', panel, re.DOTALL)[0])  # noqa: S314 -- ours


def curve(*lines, **options):
    return Curve(**{"title": "Recall", "x_label": "k", "y_label": "recall", "lines": lines, **options})


def bars(groups, *series):
    return Bars(title="By type", value_label="F1", groups=groups, series=series)


def texts(image):
    return [one.text or "" for one in image.iter("text")]


def test_bars_are_as_long_as_their_values():
    values = (0.25, 0.5, 1.0)
    estimates = tuple(Estimate(one, one - 0.1, one + 0.1, 10) for one in values)
    image = drawing(plot_panel(bars(("a", "b", "c"), Series(name="run", estimates=estimates)), "p"))
    paths = [one.get("d") for one in image.iter("path") if one.get("class") == "fill-series-1"]
    spans = [[float(x) for x in re.findall(r"[ML] (\S+)", path)] for path in paths]
    widths = [max(xs) - min(xs) for xs in spans]
    (zero,) = (float(one.get("x")) for one in image.iter("text") if one.text == "0")  # on the axis: no bar is cut at its foot
    assert [min(xs) for xs in spans] == pytest.approx([zero] * 3, abs=0.02)
    assert [width / widths[2] for width in widths] == pytest.approx(values, abs=0.002)


def test_points_stand_at_their_heights():
    ys = (0.0, 0.25, 0.75, 1.0)
    image = drawing(plot_panel(curve(Line(name="run", xs=(1, 2, 3, 4), ys=ys)), "p"))
    marks = [(float(one.get("x")), float(one.get("y"))) for one in image.iter("use") if "fill-series-1" in one.get("class", "")]
    (left, bottom), (right, top) = marks[0], marks[-1]
    assert [(y - bottom) / (top - bottom) for _, y in marks] == pytest.approx(ys, abs=0.002)
    assert [(x - left) / (right - left) for x, _ in marks] == pytest.approx((0, 1 / 3, 2 / 3, 1), abs=0.002)


def test_places_go_as_far_as_is_asked():
    line, ends = Line(name="run", xs=(0, 0.5), ys=(0, 1)), []
    for until in (None, 1.0):
        image = drawing(plot_panel(curve(line, until=until), "p"))
        marks = [float(one.get("x")) for one in image.iter("use") if "fill-series-1" in one.get("class", "")]
        ends.append((marks, texts(image)))
    assert "1" in ends[1][1]
    assert ends[1][0][1] - ends[1][0][0] < 0.6 * (ends[0][0][1] - ends[0][0][0])


def test_every_colour_is_the_pages_own_and_nothing_is_styled_inline():
    lines = [Line(name=str(n), xs=(1, 2), ys=(n, 1), low=(0, 0), high=(n, 2)) for n in range(8)]
    panel = plot_panel(curve(*lines), "p")
    assert "style=" not in panel
    assert not any(colour in panel for colour in COLOURS.values())
    assert {"stroke-series-1", "stroke-series-6", "fill-muted"} <= set(re.findall(r"[\w-]+-(?:series-\d|muted)", panel))
    image = drawing(panel)
    for one in image.iter():
        assert one.tag in {"svg", "g", "defs", "clipPath", "path", "rect", "use", "text"}
        assert all(value.startswith("#p-") for key, value in one.attrib.items() if key == "href")
        assert not any(key.startswith("on") for key in one.attrib)


def test_ids_of_two_drawings_do_not_meet():
    panels = [plot_panel(curve(Line(name="run", xs=(1, 2), ys=(0, 1))), prefix) for prefix in ("p", "q")]
    first, second = (set(re.findall(r' id="([^"]+)"', panel)) for panel in panels)
    assert first
    assert not first & second
    for panel, ids in zip(panels, (first, second), strict=True):
        assert set(re.findall(r"#([\w-]+)", " ".join(re.findall(r'(?:href|clip-path)="([^"]+)"', panel)))) <= ids


@pytest.mark.filterwarnings("error")
def test_hostile_labels_are_text_and_the_library_never_sees_them():
    estimates = tuple(Estimate(0.5, 0.4, 0.6, 10) for _ in HOSTILE)
    shown = texts(drawing(plot_panel(bars(HOSTILE, Series(name=HOSTILE[1], estimates=estimates)), "p")))
    assert "<script>alert(1)</script>" in shown
    assert "$\\frac{1}{" in shown
    assert "@0@xxxx" in shown
    assert any(one.startswith("漢字") and one.endswith("…") for one in shown)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "line",
    [
        Line(name="empty", xs=(), ys=()),
        Line(name="one", xs=(1,), ys=(0.5,)),
        Line(name="nothing known", xs=(1, 2), ys=(math.nan, math.nan)),
        Line(name="odd", xs=(0, -1, 1, math.inf, 2), ys=(1, 1, math.nan, 1, 1e300), low=(0,) * 5, high=(math.inf,) * 5),
        Line(name="below", xs=(1, 2, 3), ys=(-3, 0, -1e6)),
        Line(name="flat", xs=(1, 1, 1), ys=(0, 0, 0)),
    ],
    ids=lambda line: line.name,
)
@pytest.mark.parametrize("options", [{"logarithmic": True}, {"diagonal": True}], ids=["log", "diagonal"])
def test_odd_numbers_are_drawn_or_left_out(line, options):
    panel = plot_panel(curve(line, **options), "p")
    assert "nan" not in panel.replace("unanswerable", "")
    assert ('class="drawing"' in panel) == any(math.isfinite(y) for y in line.ys)


@pytest.mark.filterwarnings("error")
def test_gaps_in_bars_and_more_groups_than_are_drawn():
    groups = tuple(f"type {n}" for n in range(30))
    estimates = tuple(None if n % 3 else Estimate(-n if n == 3 else 0.5, math.nan, math.nan, 1) for n in range(30))
    panel = plot_panel(bars(groups, Series(name="run", estimates=estimates)), "p")
    assert "24 of 30 groups are drawn." in panel
    assert "type 23" in texts(drawing(panel))
    assert "type 24" not in texts(drawing(panel))
    assert "type 27" in panel
    assert "Nothing to draw" in plot_panel(bars(("a",), Series(name="run", estimates=(None,))), "p")


def differences(*measures, **options):
    make = {"base": "old", "other": "new", "value": 0.1, "low": 0.05, "high": 0.15, "verdict": Tone.NEUTRAL, "p": 0.4, **options}
    return [Difference(measure=one, **make) for one in measures]


def test_differences_are_drawn_by_family_and_told_in_words():
    found = [
        *differences("F1", verdict=Tone.GOOD, p=0.0001, family="answer"),
        *differences("latency", value=30, low=10, high=50, unit="ms", p=None, family="cost"),
        *differences("EM", value=-0.01, low=-0.05, high=0.03, note="McNemar", family="answer"),
    ]
    answers, costs = difference_panels(found)
    assert [one for one in texts(drawing(answers)) if one in {"F1", "EM", "latency"}] == ["F1", "EM"]
    assert "F1: +0.100, better; EM: −0.010, undecided" in answers
    assert "▲ better, ○ undecided" in answers
    assert "not tested" not in answers
    assert "&lt; 0.001" in answers
    assert "latency: +30 ms, not tested" in costs
    assert "undecided" not in costs


def test_only_what_is_high_takes_the_place_of_two():
    few, many = (tuple(f"m{n}" for n in range(count)) for count in (5, 20))
    for names, expected in ((few, False), (many, True)):
        (panel,) = difference_panels(differences(*names))
        assert panel.startswith('<figure class="panel tall">') == expected
        plot = bars(names, *(Series(name=run, estimates=(Estimate(0.5, 0.4, 0.6, 1),) * len(names)) for run in "ab"))
        assert plot_panel(plot, "p").startswith('<figure class="panel tall">') == expected


def test_what_is_not_tested_has_a_mark_of_its_own():
    (tested,), (untested,) = difference_panels(differences("a")), difference_panels(differences("a", p=None))
    marks = [{one.get("d") for one in drawing(panel).iter("path") if one.get("id")} for panel in (tested, untested)]
    assert marks[0] != marks[1]
    assert "<td><bdi>not tested</bdi></td>" in untested


def test_every_difference_is_drawn_or_the_panel_says_which_are_not():
    names = [f"m{n}" for n in range(61)]
    (panel,) = difference_panels(differences(*names[:60]))
    assert set(names[:60]) <= set(texts(drawing(panel)))
    assert "differences are drawn" not in panel
    (panel,) = difference_panels([*differences(*names), *differences("each", unit="a sentence")])
    assert names[60] not in texts(drawing(panel))
    seen = panel[: panel.index("<details")]
    assert "60 of 61 differences are drawn" in seen
    assert "Not drawn, for its own unit: " in seen
    assert "each: +0.1 a sentence, undecided (+0.05 to +0.15 a sentence)" in seen


def test_a_group_without_a_figure_has_a_dash_and_its_size():
    some, long = Estimate(0.5, 0.4, 0.6, 9), "a type of question with quite a long name"
    plot = Bars(title="t", value_label="F1", groups=("one", long), sizes=(9, 1200), series=(Series(name="run", estimates=(some, None)),))
    shown = texts(drawing(plot_panel(plot, "p")))
    assert "one (9)" in shown
    assert "–" in shown
    (cut,) = (one for one in shown if one.endswith("… (1,200)"))
    assert long.startswith(cut.removesuffix("… (1,200)"))


def test_titles_of_axes_are_whole():
    x, y = "the share of all questions that were answered, the surest first", "the share of these that were not right at all"
    shown = texts(drawing(plot_panel(curve(Line(name="run", xs=(1, 2), ys=(0, 1)), x_label=x, y_label=y), "p")))
    assert not [one for one in shown if "…" in one]
    assert x in " ".join(shown)
    assert y in " ".join(shown)
    (panel,) = difference_panels(differences("F1", base="without the reader at all", other="with a writing model of its own"))
    assert "with a writing model of its own minus without the reader at all" in " ".join(texts(drawing(panel)))


@given(st.text(max_size=200), st.integers(2, 40), st.integers(1, 4))
def test_a_label_in_lines_loses_nothing_that_fits(text, limit, most):
    labels = Labels()
    lines = [labels.text(one) for one in labels.lines(text, limit, most).split("\n")]
    whole = "".join(legible(text).split())
    assert len(lines) <= most
    joined = "".join("".join(lines).split())
    assert joined == whole or (joined.endswith("…") and whole.startswith(joined[:-1]))


def test_points_are_as_large_as_their_questions_are_many():
    line = Line(name="run", xs=(0.1, 0.5, 0.9), ys=(0.2, 0.5, 0.8), ns=(25, 400, 100))
    panel = plot_panel(curve(line), "p")
    image = drawing(panel)
    shapes = {one.get("id"): one.get("d") for one in image.iter("path") if one.get("id")}
    marks = [one.get("href", "")[1:] for one in image.iter("use") if "fill-series-1" in one.get("class", "")]
    across = [max(xs) - min(xs) for xs in ([float(x) for x in re.findall(r"[MLC] (\S+)", shapes[one])] for one in marks)]
    assert [one / across[1] for one in across] == pytest.approx((0.27, 1, 0.5), abs=0.03)  # the smallest is kept large enough to see
    assert "The larger a point, the more questions are in it: 25 to 400." in panel
    assert "<td><bdi>400</bdi></td>" in panel


def test_the_table_of_a_long_line_holds_its_ends():
    xs = [n / 1999 for n in range(2000)]
    panel = plot_panel(curve(Line(name="run", xs=xs, ys=[x / 2 for x in xs])), "p")
    rows = re.findall(r"<td><bdi>([^<]*)</bdi></td><td><bdi>([^<]*)</bdi></td>", panel)
    assert len(rows) == 12
    assert rows[0] == ("0", "0")
    assert rows[-1] == ("1", "0.5")
    assert "12 of up to 2,000 points" in panel


def test_drawing_leaves_the_library_as_it_was_and_draws_the_same_again():
    import matplotlib as mpl

    plot = curve(Line(name="run", xs=(1, 2), ys=(0, 1)))
    with mpl.rc_context({"font.size": 31.0, "axes.facecolor": "red"}):  # as a user's own file might say
        before = dict(mpl.rcParams)
        panel = plot_panel(plot, "p")
        assert dict(mpl.rcParams) == before
    assert plot_panel(plot, "p") == panel


def test_lengths_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="as many xs"):
        Line(name="run", xs=(1, 2), ys=(1,))
    with pytest.raises(ValueError, match="as many xs"):
        Line(name="run", xs=(1, 2), ys=(1, 2), low=(1, 2))
    with pytest.raises(ValueError, match="each of 2 groups"):
        bars(("a", "b"), Series(name="run", estimates=(None,)))
    with pytest.raises(ValueError, match="for each of 2 points"):
        Line(name="run", xs=(1, 2), ys=(1, 2), ns=(1,))
    with pytest.raises(ValueError, match="size of each of 1 groups"):
        Bars(title="t", value_label="F1", groups=("a",), series=(), sizes=(1, 2))
