"""Amounts and times as a text states them, and what a claim has of them that a text has not."""

import time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rag.facts import missing, stated

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
FIGURES = st.lists(
    st.sampled_from(
        [
            *("1", "9" * 400, "0" * 400, "0", "²", "½", "٣", ",", ".", " ", "-", "$", "€", "%", "°", "’", "\u00a0", "\n"),
            *("million", "bn", "k", "hundred", "one", "twenty", "and", "half", "a third", "of", "tonnes", "percentage points", "metric"),
            *("about", "~", "May", "Sept.", "in", "2024", "2024-13-45", "FY", "31st", "39"),
        ]
    ),
    max_size=25,
).map(" ".join)


def amounts(text):
    return [(one.value, one.unit) for one in stated(text).amounts]


def times(text):
    return [one[:3] for one in stated(text).times]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Congo may export 1,482,000 tonnes.", (1_482_000, "tonne")),
        ("1.5 million tonnes", (1_500_000, "tonne")),
        ("1.5m tons", (1_500_000, "tonne")),
        ("30 metric tons", (30, "tonne")),
        ("five thousand tonnes", (5_000, "tonne")),
        ("one million tonnes", (1_000_000, "tonne")),
        ("$2bn", (2e9, "$")),
        ("US$2 billion", (2e9, "us$")),
        ("two billion dollars", (2e9, "$")),
        ("€3m", (3e6, "€")),
        ("5%", (5, "%")),
        ("5 per cent", (5, "%")),
        ("twenty-five percent", (25, "%")),
        ("2.5 percentage points", (2.5, "points")),
        ("20 °C", (20, "°c")),
        ("a 12-year-old mine", (12, "year")),
        ("1.2 trillion yuan", (1.2e12, "¥")),
        ("$5 to the state", (5, "$")),
        ("45 mines", (45, "")),
        ("5k", (5_000, "")),
        ("zero", (0, "")),
    ],
)
def test_an_amount_has_a_value_and_a_unit(text, expected):
    assert amounts(text) == [expected]


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("half of the output", 50),
        ("Two-thirds of the ore came from Congo.", 66.67),
        ("a third of its exports", 33.33),
        ("A quarter of the world's cobalt", 25),
        ("three tenths of the", 30),
        ("It sold half.", 50),
    ],
)
def test_a_fraction_is_about_so_many_percent(text, share):
    (amount,) = stated(text).amounts
    assert (amount.value, amount.unit, amount.about) == (share, "%", True)


@pytest.mark.parametrize("text", ["the third quarter", "the third mine", "the first half-hearted plan"])
def test_what_only_looks_like_a_fraction_is_no_share(text):
    assert "%" not in [unit for _, unit in amounts(text)]


@pytest.mark.parametrize(
    "text", ["about 5 mines", "roughly 5 mines", "~5 mines", "nearly 5 mines", "more than 5 mines", "an estimated 5 mines"]
)
def test_what_is_about_so_much_says_so(text):
    assert [one.about for one in stated(text).amounts] == [True]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(
            (text, (2024, 5, 3))
            for text in ("3 May 2024", "3rd of May 2024", "May 3, 2024", "May 3rd, 2024", "May 3 2024", "2024-05-03", "03 May 2024")
        ),
        *((text, (2024, 9, None)) for text in ("September 2024", "Sept. 2024", "Sep 2024", "September, 2024", "September of 2024")),
        *((text, (None, 5, None)) for text in ("in May", "since May", "late May")),
        *((text, (None, 12, 31)) for text in ("31 December", "December 31", "Dec. 31", "31st of Dec.")),
        *((text, (2024, None, None)) for text in ("2024", "FY 2024", "FY2024", "in 2024.", "(2024)")),
        ("the 1990s", (1990, None, None)),
    ],
)
def test_a_time_is_told_in_many_ways(text, expected):
    assert times(text) == [expected]
    assert not amounts(text)


@pytest.mark.parametrize(
    "text", ["They may agree.", "It may close.", "March on the ministry", "2,024 tonnes", "2024 tonnes", "$2024", "12024", "2024.5"]
)
def test_what_is_no_time_is_none(text):
    assert not times(text)


@pytest.mark.parametrize(
    ("claim", "text"),
    [
        ("It exports about 1.5 million tonnes.", "Exports were 1,482,000 tonnes."),
        ("It exports 1.5 million tonnes.", "Exports were 1,482,000 tonnes."),
        ("It exports two thousand tons.", "2,000 tonnes were exported."),
        ("It exports 2,000.", "2,000 tonnes were exported."),
        ("It cost $2bn.", "It cost two billion US dollars."),
        ("Prices rose by 25 percent.", "Prices rose by a quarter of their value."),
        ("About half of the cobalt was sold.", "48 percent of the cobalt was sold."),
        ("It rose 12.3%.", "It rose 12.34 per cent."),
        ("One of the mines closed.", "The mine closed."),
        ("The first mine closed.", "The mine closed."),
        ("It closed in May 2024.", "It closed on 3 May 2024."),
        ("It closed in 2024.", "It closed on May 3, 2024."),
        ("It closed on May 3.", "It closed on 2024-05-03."),
        ("It closed in 2024.", "By the end of fiscal 2024 it had closed."),
        ("It has 2024 people.", "In 2024 it closed."),
        ("It closed in 2024.", "It has 2,024 employees."),
        ("No figure at all.", ""),
        ("The plan is American.", "The US has a plan."),
        ("A plan of the United States.", "An American plan."),
        ("A plan of the European Union.", "The EU has a plan."),
        ("It is a US-based company.", "The company sits in the US."),
        ("It is Polish.", "It comes from Poland."),
        ("It is Australian.", "It comes from Australia."),
        ("It sells 5 million tonnes.", "It sells 5 to 10 million tonnes."),
        ("It sells 5%.", "It sells 5-10 % of it."),
        ("It sells 15 million.", "It sells fifteen to twenty million."),
        ("It opened on the 3rd.", "It opened on 3 May 2024."),
        ("Sales rose in the second half of 2023.", "In the 2nd half of 2023 sales rose."),
        ("It sold $4397.9 of it.", "Inventories: 4397.9"),
        ("It waited one day.", "It waited for a day."),
        ("It produces 1,600 MW.", "It produces 1600 MW."),
        ("It costs €1,900.", "It costs 1900 euros."),
        ("It paid $2.5 billion.", "It paid $2.5-3 billion."),
        ("It paid $3 billion.", "It paid $2.5 to $3 billion."),
        ("It paid $5 million to $10 million.", "It paid $5-10 million."),
        ("It paid USD 5 million.", "It paid $5 million."),
        ("It paid US$2 billion.", "It paid $2bn."),
        ("It paid 5 million US dollars.", "It paid $5 million."),
        ("It paid $5 million.", "It paid 5 million U.S. dollars."),
        ("It paid $1.2B.", "It paid $1.2 billion."),
        ("Half a million people fled.", "About 500,000 people fled."),
        ("It has 1.5 million members.", "It has one and a half million members."),
        ("It has 12 members.", "It has a dozen members."),
        ("Then a second man came.", "Then another man came."),
        ("It is the No. 1 seller.", "It is the top seller."),
        ("Then the FBI warned.", "The Federal Bureau of Investigation warned."),
        ("The European Central Bank raised rates.", "The ECB raised rates."),
        ("It is Belgian.", "It comes from Belgium."),
        ("It is English.", "It comes from England."),
        ("Then Apple Inc. paid.", "Apple paid."),
        ("It is in São Paulo.", "It is in Sao Paulo."),
        ("See www.example.com.", "See www.example.com for more."),
        ("He said “it's  closed for good.”", "He said that it’s closed for good, perhaps."),
        ('The "big" plan.', "The plan."),
    ],
)
def test_nothing_is_missing_of_what_a_text_says(claim, text):
    assert missing(claim, text) == []


@pytest.mark.parametrize(
    ("claim", "text", "expected"),
    [
        ("It exports 1.6 million tonnes.", "Exports were 1,482,000 tonnes.", ["1.6 million tonnes"]),
        ("It exports 1,482,000 tonnes.", "Exports were 1.5 million tonnes.", ["1,482,000 tonnes"]),
        ("It exports 45 tonnes.", "It exports 45 barrels.", ["45 tonnes"]),
        ("It rose 5 %.", "It rose 5 points.", ["5 %"]),
        ("It cost $5m.", "It cost €5m.", ["$5m"]),
        ("It cost $5bn.", "It cost $5m.", ["$5bn"]),
        ("It weighs one tonne.", "It weighs two tonnes.", ["1 tonne"]),
        ("It closed on 3 May 2024.", "It closed on 4 May 2024.", ["3 May 2024"]),
        ("It closed in May 2024.", "It closed in June 2024.", ["May 2024"]),
        ("It closed in 2024.", "It closed in 2023.", ["2024"]),
        ("It closed on 3 March 2026.", "It closed in 2026.", ["3 March 2026"]),
        ("The plan is Austrian.", "Australia has a plan.", ["Austrian"]),
        ("Rio Tinto has a plan.", "Glencore has a plan.", ["Rio", "Tinto"]),
        ("BHP has a plan.", "Glencore has a plan.", ["BHP"]),
        ("It was opened by Mr. Johnson.", "It was opened by Mr. Smith.", ["Johnson"]),
        ("Then George W. Bush left.", "Then George W. Smith left.", ["Bush"]),
        ("It weighs 1500 kg.", "It is 1500 miles long.", ["1500 kg"]),
        ("It paid A$5 million.", "It paid US$5 million.", ["A$5 million"]),
        ("It fell to 5°C.", "It fell to -5°C.", ["5°C"]),
        ("Then 10 people died.", "Then 10% of the people died.", ["10"]),
        ("Then 1 person died.", "Two persons died.", ["1"]),
        ("Then half a million people fled.", "A million people fled.", ["0.5 million"]),
        ("He said ‘this is a terrible idea’.", "He said it was fine.", ["“this is a terrible idea”"]),
        ('He said "it will never close".', 'He said: "It will close."', ["“it will never close”"]),
        ("It is a UK-based company.", "The company sits in the US.", ["UK"]),
        ("A plan of the United Kingdom.", "A plan of the United Nations.", ["Kingdom"]),
        ("It fell by 30 %.", "It cut 30 jobs.", ["30 %"]),
        ("It has 31 people.", "It closed on 31 May.", ["31"]),
        ("It closed on 3 May 2024.", "It closed.", ["3 May 2024"]),
        ("In 2024 it had 45 mines.", "", ["2024", "45"]),
    ],
)
def test_what_a_text_does_not_say_is_missing_as_it_is_written(claim, text, expected):
    assert missing(claim, text) == expected


def test_an_amount_ends_before_a_word_that_is_no_unit():
    found = stated("It paid $75 May 3, 2024, and $2 million to Peru.")
    assert [one.words for one in found.amounts] == ["$75", "$2 million"]
    assert [one.words for one in found.times] == ["May 3, 2024"]


def test_only_what_was_rounded_covers_what_is_exact():
    (rounded,), (exact,) = stated("1.5 million tonnes").amounts, stated("1,482,000 tonnes").amounts
    assert rounded.same_as(exact)
    assert not exact.same_as(rounded)


def test_one_digit_alone_rounds_nothing():
    (one_digit,), (exact,) = stated("2 million tonnes").amounts, stated("1,600,000 tonnes").amounts
    assert not one_digit.same_as(exact)


def test_two_times_agree_that_tell_nothing_different_and_something_alike():
    (day,), (month,), (year,) = (stated(text).times for text in ("3 May 2024", "in May", "2024"))
    assert day.agrees(month)
    assert month.agrees(day)
    assert day.agrees(year)
    assert not month.agrees(year)


@pytest.mark.parametrize(
    ("claimed", "text", "told"),
    [
        ("3 May 2024", "3 May 2024", True),
        ("in May", "3 May 2024", True),
        ("2024", "3 May 2024", True),
        ("3 May 2024", "In 2024 it rose, until on 3 May it fell.", True),
        ("3 May 2024", "2024", False),
        ("3 May 2024", "May 2024", False),
        ("3 May 2024", "3 May 2023; in 2024", False),
        ("in May", "2024", False),
        ("31 December 2008", "on December 31, 2009 and 2008", True),
        ("31 December 2007", "on December 31, 2009 and 2008, and in 2007", False),
    ],
)
def test_a_time_is_told_by_a_text_that_tells_all_of_it(claimed, text, told):
    (time,) = stated(claimed).times
    assert time.told_by(stated(text).times) is told


@given(TEXTS | FIGURES)
def test_a_text_says_all_that_it_says(text):
    assert missing(text, text) == []


@given(TEXTS | FIGURES, TEXTS | FIGURES)
def test_what_is_missing_is_a_line_of_text(claim, text):
    assert all(isinstance(one, str) and one for one in missing(claim, text))


THREE_DIGITS = st.integers(101, 999).filter(lambda number: number % 10)


@given(THREE_DIGITS, THREE_DIGITS, st.sampled_from(["{} tonnes", "${} million", "{} percent", "{} miles"]))
def test_a_number_swapped_for_another_is_what_is_missing(number, other, written):
    assume(number != other)
    claim = "In May 2024 Chile sold {} to 37 buyers."
    (swapped,) = [one.words for one in stated(written.format(other)).amounts]
    assert missing(claim.format(written.format(other)), claim.format(written.format(number))) == [swapped]


@given(st.integers(1900, 2099), st.integers(1900, 2099))
def test_a_year_swapped_for_another_is_what_is_missing(year, other):
    assume(year != other)
    assert missing(f"It sold 37 mines in {other}.", f"It sold 37 mines in {year}.") == [str(other)]


@pytest.mark.parametrize(
    "text", ["9" * 10_000, "1." * 5_000, "1," * 5_000, "9" * 400 + " million tonnes", "٣ million", "½ million", "one ²"]
)
def test_long_and_foreign_digits_are_read_or_left(text):
    assert missing(text, text) == []


@pytest.mark.parametrize(
    "piece", ["1", "1,", "1,000,", "$", "1 million ", "one ", "half of the ", "May ", "1 May ", "in May ", "2024 ", "2024-", "1 t ", "a "]
)
def test_a_long_text_is_read_in_time_that_grows_with_it(piece):
    """Each of these takes hundredths of a second; what takes the square of the length takes minutes."""
    started = time.process_time()
    stated(piece * (60_000 // len(piece)))
    assert time.process_time() - started < 3


@pytest.mark.parametrize("month", ["Sepember", "Septober", "Mayor", "Marchh", "Juneau"])
def test_a_month_that_is_none_is_no_month(month):
    assert missing(f"It came in {month} 2024.", f"It came in {month} 2024.") == []


@pytest.mark.parametrize("address", ["http://evil.example/x", "www.evil.test", "evil.example", "me@evil.test", "evil-mines.com/pay"])
def test_an_address_must_stand_in_the_text_as_it_is(address):
    assert missing(f"Chile has a plan, see {address} for more.", "Chile has a plan, see more.")
    assert missing(f"Chile has a plan, see {address} for more.", f"Chile has a plan, see {address} for more.") == []
