"""What a text says of its own making: bylines, datelines, dates; and what only looks like them."""

import gzip
import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import parse_date
from index.conventions import Stated, read_conventions

PROSE = (
    "The talks went on for days and led to little, officials said on Friday, while the price of the metal rose again and buyers "
    "looked for other mines in countries that had none before the war began."
)


@pytest.mark.parametrize(
    ("line", "authors", "source", "published"),
    [
        ("By Jane Doe", ("Jane Doe",), None, None),
        ("BY JANE DOE", ("JANE DOE",), None, None),
        ("By Jane Doe and John Q. Roe", ("Jane Doe", "John Q. Roe"), None, None),
        (
            "By Ana de la Cruz, Luc O'Neill and Mary-Ann van der Berg, Reuters",
            ("Ana de la Cruz", "Luc O'Neill", "Mary-Ann van der Berg"),
            "Reuters",
            None,
        ),
        ("By Jane Doe, staff writer", ("Jane Doe",), None, None),
        ("By Jane Doe, Staff Writer", ("Jane Doe",), None, None),
        ("By Jane Doe and John Roe, Chief Political Correspondent", ("Jane Doe", "John Roe"), None, None),
        ("By Emily Post", ("Emily Post",), None, None),
        ("By The New York Times and The Washington Post", (), None, None),
        ("By Jane Doe | March 3, 2023", ("Jane Doe",), None, "March 3, 2023"),
        ("Written by Jane Doe for The Guardian", ("Jane Doe",), "The Guardian", None),
        ("By Reuters", (), "Reuters", None),
        ("By The Associated Press", (), "The Associated Press", None),
        ("Von Erika Mustermann", ("Erika Mustermann",), None, None),
    ],
)
def test_bylines(line, authors, source, published):
    stated = read_conventions(f"A headline\n\n{line}\n\n{PROSE}\n")
    assert (stated.authors, stated.source, stated.published) == (authors, source, published)
    assert [span.of(f"A headline\n\n{line}\n\n{PROSE}\n") for span in stated.spans] == [line]


@pytest.mark.parametrize(
    "line",
    [
        "By Friday the mine had closed",
        "By Monday",
        "By the time they met, Jane Doe had left",
        "By far the largest",
        "By Jane Doe and many others who were there",
        "By 2030 Europe wants to mine its own",
        "By Jane",
        "By Design",
        "By Air, Land And Sea",
        "Jane Doe",
        "Day By Day",
        PROSE,
    ],
)
def test_what_is_no_byline_names_no_author(line):
    assert read_conventions(f"A headline\n\n{line}\n\n{PROSE}").authors == ()


def test_a_byline_below_the_first_paragraph_belongs_to_something_else():
    assert read_conventions(f"{PROSE}\n\nBy Jane Doe\n\n{PROSE}").authors == ()


@pytest.mark.parametrize(
    ("opening", "place", "source"),
    [
        ("BERLIN, March 3 (Reuters) — ", "BERLIN", "Reuters"),
        ("NEW YORK (AP) -- ", "NEW YORK", "AP"),
        ("ST. LOUIS — ", "ST. LOUIS", None),
        ("SRIHARIKOTA, India — ", "SRIHARIKOTA, India", None),
        ("Hong Kong CNN — ", "Hong Kong", "CNN"),
        ("London (CNN) - ", "London", "CNN"),
        ("(Reuters) - ", None, "Reuters"),
        ("KYIV/LONDON, 3 March 2023 (Reuters) – ", "KYIV/LONDON", "Reuters"),
        ("CNN — ", None, "CNN"),
        ("BERLIN, 3. März (Reuters) - ", "BERLIN", "Reuters"),
        ("MADRID, 3 de mayo de 2023 (Reuters) — ", "MADRID", "Reuters"),
    ],
)
def test_datelines(opening, place, source):
    text = f"{opening}{PROSE}"
    stated = read_conventions(text)
    assert (stated.place, stated.source) == (place, source)
    assert [span.of(text).strip() for span in stated.spans] == [opening.strip()]


@pytest.mark.parametrize(
    "opening",
    ["AI — ", "The mine — ", "Officials (Reuters says) — ", "Berlin - ", "US - ", "John Smith — ", "China’s Xi (left) - ", "A-B-C "],
)
def test_what_is_no_dateline(opening):
    stated = read_conventions(f"{opening}{PROSE}")
    assert (stated.place, stated.source) == (None, None)


@pytest.mark.parametrize(
    ("lines", "published", "updated"),
    [
        ("Published March 3, 2023", "March 3, 2023", None),
        ("Updated: 4 March 2023", None, "4 March 2023"),
        ("Published 3 March 2023 | Updated 4 March 2023", "3 March 2023", "4 March 2023"),
        ("First published on 2023-03-03\nLast updated at 2023-03-04 10:15 GMT", "2023-03-03", "2023-03-04 10:15 GMT"),
        ("By Jane Doe\nMarch 3, 2023", "March 3, 2023", None),
        ("March 3, 2023", None, None),
        ("Published in March", None, None),
        ("Published 03/04/2023", None, None),
        ("Date: March 3, 2023", None, None),
        ("Updated 10:24 GMT (1824 HKT) March 3, 2023", None, "10:24 GMT (1824 HKT) March 3, 2023"),
        ("Von Erika Mustermann\n3. März 2023", "3. März 2023", None),
        ("3. März 2023", None, None),
        ("Posted: yesterday", None, None),
    ],
)
def test_dates(lines, published, updated):
    stated = read_conventions(f"A headline\n{lines}\n\n{PROSE}")
    assert (stated.published, stated.updated) == (published, updated)


@pytest.mark.parametrize(
    ("line", "authors", "source", "published", "updated"),
    [
        ("Posted on 3 May 2023 by Ann Lee", ("Ann Lee",), None, "3 May 2023", None),
        ("Published May 3, 2023 | By Ann Lee and Bob Ray", ("Ann Lee", "Bob Ray"), None, "May 3, 2023", None),
        ("March 3, 2023 by Ann Lee", ("Ann Lee",), None, "March 3, 2023", None),
        ("Published 3 May 2023, by Reuters", (), "Reuters", "3 May 2023", None),
        ("Updated 4 May 2023 by Ann Lee", ("Ann Lee",), None, None, "4 May 2023"),
        ("Posted on 3 May 2023 by accident", (), None, None, None),
        ("Posted by Ann Lee yesterday", (), None, None, None),
        ("The mine was closed on 3 May 2023 by Ann Lee", (), None, None, None),
        ("On 3 May 2023 by Friday", (), None, None, None),
        ("3 May 2023 by Ann Lee of the board", (), None, None, None),
    ],
)
def test_a_date_and_a_byline_on_one_line(line, authors, source, published, updated):
    text = f"A headline\n\n{line}\n\n{PROSE}"
    stated = read_conventions(text)
    assert (stated.authors, stated.source, stated.published, stated.updated) == (authors, source, published, updated)
    assert [span.of(text) for span in stated.spans] == ([line] if authors or source else [])


@pytest.mark.parametrize(
    ("head", "authors", "source", "published"),
    [
        ("Title: Talks fail\nDate: March 3, 2023\nSource: Reuters", (), "Reuters", "March 3, 2023"),
        ("Source: The Daily Planet\nAuthor: Ann Lee\nDate: 3 May 2023\nURL: https://x.org", ("Ann Lee",), "The Daily Planet", "3 May 2023"),
        ("A headline\n\nAuthor: By Ann Lee and Bob Ray\nSource: nature.com", ("Ann Lee", "Bob Ray"), "nature.com", None),
        ("DATE: 3 May 2023\n\nSOURCE: U.S. Geological Survey", (), "U.S. Geological Survey", "3 May 2023"),
        ("Source: Süddeutsche Zeitung\nDate: 3. März 2023", (), "Süddeutsche Zeitung", "3. März 2023"),
        ("Date: 3 May 2023\nSource: he said that it was over", (), None, "3 May 2023"),
        ("Date: soon\nSource: Reuters", (), "Reuters", None),
        ("Date: 3 May 2023", (), None, None),
        ("Date: 3 May 2023\nVenue: Town Hall\nSource: Reuters", (), None, None),
        ("Title: A talk\nDate: 3 May 2023", (), None, None),
        ("Question: why?\nSource: Reuters\nDate: 3 May 2023", (), None, None),
        ("One\nTwo\nThree\nFour\nDate: 3 May 2023\nSource: Reuters", (), None, None),
        (f"{PROSE}\n\nDate: 3 May 2023\nSource: Reuters", (), None, None),
    ],
)
def test_a_head_that_says_line_by_line_what_is_what(head, authors, source, published):
    stated = read_conventions(f"{head}\n\n{PROSE}")
    assert (stated.authors, stated.source, stated.published) == (authors, source, published)


def test_a_head_may_name_the_title():
    text = f"Headline: Talks fail\nURL: https://x.org\nSource: Reuters\nDate: 3 May 2023\n\n{PROSE}"
    stated = read_conventions(text)
    assert (stated.title, stated.source, stated.published) == ("Talks fail", "Reuters", "3 May 2023")
    assert [span.of(text) for span in stated.spans] == text.split("\n")[:4]


@pytest.mark.parametrize(
    "line",
    [
        "By " + "A-" * 78,
        "By " + "Ann Lee and " * 13,
        "By " + "A. " * 52,
        "By A" + " de de A" * 19,
        "Posted on " + "3 by " * 30,
        "March 3, 2023 by " + "Ann de de " * 14,
        "by " * 53,
        "Source: " + "A." * 75,
        "A" * 20 + ": " + "x" * 130,
        "Date: " * 26,
        "BERLIN, " + "3. de März de 2023 " * 8,
        "A-Z'A-Z'" * 20,
        "10:24 (" + "a" * 150,
    ],
)
def test_hostile_lines_take_no_time(line):
    begun = time.process_time()
    read_conventions("\n".join([line] * 12) + "\n" + line * 10_000)
    assert time.process_time() - begun < 0.5


def test_an_update_may_stand_at_the_end():
    text = f"{PROSE}\n\n{PROSE}\n\nUpdated on March 4, 2023"
    stated = read_conventions(text)
    assert stated.updated == "March 4, 2023"
    assert stated.spans[0].of(text) == "Updated on March 4, 2023"


@given(st.text(alphabet=st.sampled_from("By JANEdoe,.|—-()\n0123Updated:Reuters March"), max_size=300))
def test_whatever_stands_there_spans_are_of_the_text_and_in_order(text):
    stated = read_conventions(text)
    assert all(0 <= span.start < span.end <= len(text) for span in stated.spans)
    assert list(stated.spans) == sorted(stated.spans)
    assert all(name in text for name in stated.authors)
    for date in (stated.published, stated.updated):
        assert date is None or (date in text and parse_date(date.strip(" .()")))


def test_the_sample_articles_state_nothing_that_is_not_there():
    folder = Path(__file__).parents[2] / "seeds" / "articles"
    texts = [file.read_text(encoding="utf-8").split("\n---\n", 1)[-1] for file in sorted(folder.iterdir())]
    assert len(texts) >= 30
    assert all(read_conventions(text) == Stated() for text in texts)


@pytest.mark.skipif(not os.environ.get("ASSAY_DATA"), reason="ASSAY_DATA names no folder of public data")
def test_agencies_are_found_where_news_names_them():
    """An oracle of its own: the dash behind the agency's name in the first words, which four thousand texts share."""
    file = next((Path(os.environ["ASSAY_DATA"]) / "news2023").glob("corpus.jsonl*"))
    with gzip.open(file, "rt", encoding="utf-8") if file.suffix == ".gz" else file.open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    named = [text for text in texts if "(AP) —" in text[:60]]
    assert len(named) > 100
    assert sum(read_conventions(text).source == "AP" for text in named) >= 0.97 * len(named)
    assert not any(parse_date(name) or name.isdigit() for text in texts[:2000] for name in read_conventions(text).authors)
