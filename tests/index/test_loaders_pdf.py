"""PDFs: the text as people read it, and what the document says of itself."""

import io
import os
import time
from itertools import pairwise
from pathlib import Path

import pytest
from pdf_files import BOLD, column, line, pdf, text_field, tick_box

from index import Article, ArticleError
from index.loaders import read
from index.loaders.ocr import missing
from index.loaders.pdf import PdfLoader
from index.loaders.pdf_facts import iso_date


def draft(pages, **more):
    return next(PdfLoader().load(io.BytesIO(pdf(pages, **more))))


def refusal(data):
    with pytest.raises(ArticleError) as caught:
        list(PdfLoader().load(io.BytesIO(data)))
    return str(caught.value)


def paragraphs(draft):
    return draft.text.split("\n\n")


def headings(draft):
    return [(heading.span.of(draft.text), heading.level) for heading in draft.headings]


LEFT = [
    "The harbour of the town was closed in",
    "March, when the ice had not yet gone and",
    "the pilots refused to bring ships in. The",
    "council met on the same evening in order",
    "to discuss what could be done about it.",
]
RIGHT = [
    "Two days later the first ship came with",
    "coal from the south. Its captain said he",
    "had seen no ice at all on the way, and no",
    "other ships either, which seemed to him",
    "a bad omen for the trade of that year.",
]

# --- reading order ----------------------------------------------------------------------------------------------------


def test_lines_become_paragraphs_and_a_gap_parts_them():
    page = [*column(72, 700, LEFT), *column(72, 700 - 12 * 6, RIGHT)]
    assert paragraphs(draft([page])) == [" ".join(LEFT), " ".join(RIGHT)]


def test_an_indentation_parts_paragraphs():
    page = [*column(72, 700, LEFT), line(84, 640, RIGHT[0]), *column(72, 628, RIGHT[1:])]
    assert paragraphs(draft([page])) == [" ".join(LEFT), " ".join(RIGHT)]


def test_columns_are_read_one_after_the_other_under_a_title_that_spans_them():
    page = [line(72, 740, "A winter in which no ship came to the harbour", 18)]
    for left, right in zip(column(72, 700, LEFT), column(330, 700, RIGHT), strict=True):  # written row by row, as some programs do
        page += [left, right]
    read = draft([page])
    assert paragraphs(read) == ["A winter in which no ship came to the harbour", " ".join(LEFT), " ".join(RIGHT)]
    assert read.title == "A winter in which no ship came to the harbour"


def test_three_columns_are_read_from_left_to_right():
    short = [["The council met on", "Monday and agreed", "that the old bridge", "would be closed to", "carts of any kind."]]
    short.append(["The mill stood still", "for a week because", "there was no grain", "left in the stores", "of the whole town."])
    short.append(["In April a new road", "was opened by the", "mayor himself, who", "walked all its way", "in the heavy rain."])
    page = [text for number, lines in enumerate(short) for text in column(60 + 180 * number, 700, lines)]
    assert paragraphs(draft([page])) == [" ".join(lines) for lines in short]


def test_what_spans_columns_parts_them():
    page = [*column(72, 700, LEFT), *column(330, 700, RIGHT)]
    page += [line(72, 620, "Nobody in the town had seen such a winter before, and many said that it would not be the last one.")]
    page += [*column(72, 590, RIGHT), *column(330, 590, LEFT)]
    order = [words.split()[0] for words in paragraphs(draft([page]))]
    assert order == ["The", "Two", "Nobody", "Two", "The"]


def test_columns_that_stand_closer_than_words_may_are_parted():
    """Eleven points, as tax forms have them, though the lines were written across: a heading in one column stands close to the other."""
    ends = [line(72, 700 - 12 * number, text) for number, text in enumerate(LEFT)]
    begins = [line(269, 700 - 12 * number, text) for number, text in enumerate(RIGHT)]  # the longest line on the left ends at 258
    page = [written for pair in zip(ends, begins, strict=True) for written in pair]
    page += [line(72, 625, "The harbour in winter", 19), line(269, 625, "and it was the last ship of the year.")]
    read = paragraphs(draft([page]))
    assert read == [" ".join(LEFT), "The harbour in winter", " ".join(RIGHT), "and it was the last ship of the year."]


SHEET = [("Ice", "4", "12", "31", "7", "2"), ("Fog", "11", "3", "2", "5", "19"), ("Rain", "9", "14", "8", "13", "16")]


def test_a_table_over_two_columns_is_read_row_by_row():
    page = [line(left, 700 - 14 * at, cell) for at, row in enumerate(SHEET) for left, cell in zip(range(72, 600, 90), row, strict=True)]
    page += [line(72, 640, "Table 1: On how many days of which month there was no ship to be seen in the whole of the harbour.")]
    page += [written for pair in zip(column(72, 600, LEFT), column(330, 600, RIGHT), strict=True) for written in pair]
    table = "\n".join(" | ".join(row) for row in SHEET)
    assert paragraphs(draft([page]))[0] == table
    assert paragraphs(draft([page]))[2:] == [" ".join(LEFT), " ".join(RIGHT)]


def test_lines_beside_a_large_word_are_no_row_of_a_table():
    page = [
        line(72, 740, "Published on Monday"),
        line(72, 724, "by the Gazette"),
        line(72, 708, "in the old town"),
        line(350, 717, "Ice", 40),
    ]
    page += [line(72, 660, "The whole harbour was closed in the winter of that year, as it had been in so many winters before.")]
    page += [written for pair in zip(column(72, 600, LEFT), column(330, 600, RIGHT), strict=True) for written in pair]
    text = draft([page]).text
    assert text.index("Gazette") < text.index("old town") < text.index("Ice") < text.index("whole harbour")


def test_tables_beside_each_other_under_one_head_are_read_one_after_the_other():
    heads = ["Year", "Ships", "Tons"]
    tables = [[(str(1900 + 10 * table + year), str(7 * year + table), str(90 + year)) for year in range(6)] for table in range(3)]
    page = []
    for table, rows in enumerate(tables):
        for at, row in enumerate([heads, *rows]):
            page += [line(60 + 170 * table + 45 * place, 700 - 14 * at, cell) for place, cell in enumerate(row)]
    assert paragraphs(draft([page])) == ["\n".join(" | ".join(row) for row in [heads, *rows]) for rows in tables]


def test_one_table_with_heads_that_repeat_stays_one():
    rows = [("Ice", "4", "12", "31", "7"), ("Fog", "11", "3", "2", "5"), ("Rain", "9", "14", "8", "13")]
    heads = [line(left, 714, head) for left, head in zip((150, 230, 310, 390), ("Days", "Ships") * 2, strict=True)]
    page = heads + [
        line(left, 700 - 14 * at, cell) for at, row in enumerate(rows) for left, cell in zip(range(70, 400, 80), row, strict=True)
    ]
    assert paragraphs(draft([page])) == ["\n".join(["Days | Ships | Days | Ships", *(" | ".join(row) for row in rows)])]


def test_captions_beside_each_other_are_read_one_after_the_other_though_their_lines_do_not_stand_level():
    text = "All this happened in the winter of that year, of which people in the town still speak when the ice comes early."
    page = [line(72, 740 - 12 * number, text) for number in range(8)]
    page += [*column(72, 620, LEFT[:3]), *column(330, 614, RIGHT[:3])]
    page += [line(72, 520 - 12 * number, text) for number in range(8)]
    assert paragraphs(draft([page])) == [" ".join([text] * 8), " ".join(LEFT[:3]), " ".join(RIGHT[:3]), " ".join([text] * 8)]


def test_the_columns_of_an_index_are_read_one_after_the_other():
    entries = ["Coal", "Fog", "Grain", "Ice", "Pilots", "Salt"]
    page = []
    for at, entry in enumerate(entries):
        page += [
            line(72, 700 - 12 * at, f"{entry} . . . . . . . . . . . . {at + 1}"),
            line(330, 700 - 12 * at, f"{entry}-boats ............... {at + 9}"),
        ]
    text = draft([page]).text
    assert [text.index(f"{entry} .") for entry in entries] == sorted(text.index(f"{entry} .") for entry in entries)
    assert text.index("Salt .") < text.index("Coal-boats .")


def test_a_page_on_its_side_is_read_as_people_turn_it():
    turned = [f"0 1 -1 0 612 0 cm {text}" for text in [" ".join(["q", *column(72, 500, LEFT), "Q"])]]
    assert paragraphs(draft([[f"q {turned[0]} Q"]])) == [" ".join(LEFT)]
    assert paragraphs(draft([column(72, 700, LEFT)], rotate=90)) == [" ".join(LEFT)]


# --- words ------------------------------------------------------------------------------------------------------------


def test_parted_words_are_put_together():
    page = column(72, 700, ["The committee had a long dis-", "cussion about the well-", "known harbour and its self-", "governing pilots."])
    assert draft([page]).text == "The committee had a long discussion about the well-known harbour and its self-governing pilots."


def test_the_document_itself_says_how_a_parted_word_is_written():
    page = column(72, 700, ["Long-term plans are rare; a long-", "term view is rarer. The mail-", "man came. A mailman comes daily."])
    assert draft([page]).text == "Long-term plans are rare; a long-term view is rarer. The mailman came. A mailman comes daily."


def test_soft_hyphens_are_not_text():
    page = column(72, 700, ["The harbour was closed for a whole week in win\xad", "ter, as it often is."])
    assert draft([page]).text == "The harbour was closed for a whole week in winter, as it often is."


def test_the_mark_of_a_footnote_is_no_part_of_its_first_word():
    note = "BT 72 100 Td /F1 5 Tf 3 Ts (12) Tj /F1 8 Tf 0 Ts (The pilots belonged to a guild.) Tj ET"
    assert paragraphs(draft([[*column(72, 700, LEFT), note]]))[-1] == "12 The pilots belonged to a guild."
    assert draft([[line(72, 700, "The 2nd ship came on the 3rd day.")]]).text == "The 2nd ship came on the 3rd day."


# --- pages ------------------------------------------------------------------------------------------------------------


def numbered(pages):
    """Pages with a running head and their number, odd and even ones differently."""
    for number, page in enumerate(pages, 1):
        head = line(72, 760, "The Harbour Gazette") if number % 2 else line(400, 760, f"Winter 1923 / {number}")
        yield [head, *page, line(300, 30, str(number))]


def test_what_pages_repeat_is_left_out():
    texts = [f"On day {word} the ice was measured again, and found thicker." for word in "one two three four five six seven eight".split()]
    read = draft(list(numbered([[line(72, 600, text)] for text in texts])))
    assert paragraphs(read) == texts


def test_what_pages_repeat_at_heights_that_differ_a_little_is_left_out():
    texts = [f"On day {word} the ice was measured again, and found thicker." for word in "one two three four five six".split()]
    pages = [[line(72, 711 if at < 2 else 706, "The Harbour Gazette"), line(72, 600, text)] for at, text in enumerate(texts)]
    assert paragraphs(draft(pages)) == texts


def test_rows_of_numbers_at_the_edges_of_pages_are_not_taken_for_what_pages_repeat():
    pages = [[line(72, 700 - 20 * at, f"{1000 * page + 10 * at + 100}") for at in range(20)] for page in range(1, 6)]
    assert len(draft(pages).text.split()) == 100


def test_the_head_of_a_table_that_goes_on_over_pages_stays_with_its_rows():
    rows = [[("Ship", "Cargo"), *((f"Ship {page}{at}", f"{7 * at + page} tons") for at in range(20))] for page in range(5)]
    pages = [
        [line(left, 740 - 12 * at, cell) for at, row in enumerate(page) for left, cell in zip((72, 200), row, strict=True)] for page in rows
    ]
    assert draft(pages).text.count("Ship | Cargo") == 5


def test_what_stands_beyond_the_edge_of_the_page_is_not_on_it():
    page = [line(72, 700, "The harbour is closed."), line(72, 770, "Proof 7 of 48, to be removed before printing")]
    assert draft([page], crop=(40, 40, 580, 760)).text == "The harbour is closed."
    assert "Proof" in draft([page]).text


def test_a_number_alone_that_is_no_pages_stays():
    read = draft([[line(72, 700, "How many ships came?"), line(72, 400, "41")], [line(72, 700, "And how many left?"), line(72, 400, "17")]])
    assert "41" in read.text
    assert "17" in read.text


def test_a_sentence_goes_on_over_columns_and_pages_and_each_page_is_known():
    first = [*column(72, 700, LEFT[:-1])]
    second = [*column(72, 700, [LEFT[-1], *RIGHT])]
    read = draft([first, second, [line(72, 700, "The end came soon.")]])
    assert paragraphs(read) == [" ".join([*LEFT, *RIGHT]), "The end came soon."]
    assert [read.text[begin : begin + 12] for begin in read.pages] == ["The harbour ", "to discuss w", "The end came"]


def test_a_page_without_text_begins_where_the_next_one_does():
    read = draft([[line(72, 700, "First.")], [], [line(72, 700, "Third.")], []])
    assert read.pages == (0, 8, 8, len(read.text))
    assert read.metadata == {"pages": 4, "pages_without_text": [2, 4]}


def test_a_footnote_does_not_stand_in_a_sentence():
    first = [*column(72, 700, LEFT[:-1]), line(72, 100, "1 The pilots belonged to a guild.", 7)]
    read = draft([first, [*column(72, 700, [LEFT[-1], *RIGHT])]])
    assert " ".join([*LEFT, *RIGHT]) in paragraphs(read)
    assert read.text.index("guild") < read.pages[1]


def test_a_footnote_comes_behind_the_paragraph_that_goes_on_in_the_next_column():
    page = [*column(72, 700, LEFT[:-1]), line(72, 640, "1 The pilots belonged to a guild then.", 7)]
    page += column(330, 700, [LEFT[-1], *RIGHT])
    assert paragraphs(draft([page])) == [" ".join([*LEFT, *RIGHT]), "1 The pilots belonged to a guild then."]


def test_an_abbreviation_at_the_end_of_a_short_line_ends_no_paragraph():
    page = column(
        72,
        700,
        [
            "The pilots were paid under the law of the U.S.",
            "government at the time, which knew no other",
            "harbour; their pay was set by the U.S.",
            "treasury every year.",
        ],
    )
    assert len(paragraphs(draft([page]))) == 1


# --- headings, lists, tables ------------------------------------------------------------------------------------------


def test_headings_are_told_by_size_weight_and_number():
    page = [line(72, 740, "A winter without ships", 20), line(72, 710, "1 The ice", 14, BOLD), *column(72, 690, LEFT)]
    page += [line(72, 610, "1.1 Who measured it", 10, BOLD), *column(72, 590, RIGHT)]
    assert headings(draft([page])) == [("A winter without ships", 1), ("1 The ice", 2), ("1.1 Who measured it", 3)]


def test_bold_prose_is_no_heading():
    page = [*column(72, 700, LEFT), *column(72, 620, RIGHT, font=BOLD)]
    assert headings(draft([page])) == []


def test_rows_of_a_table_stand_one_below_the_other():
    page = [*column(72, 740, LEFT)]
    rows = [("Ship", "Cargo", "Tons"), ("Aurora", "coal", "1,200"), ("Boreas", "salted fish", "340"), ("Clio", "grain", "2,075")]
    for number, cells in enumerate(rows):
        page += [line(left, 640 - 14 * number, cell) for left, cell in zip((72, 200, 330), cells, strict=True)]
    page += column(72, 560, RIGHT)
    table = "Ship | Cargo | Tons\nAurora | coal | 1,200\nBoreas | salted fish | 340\nClio | grain | 2,075"
    assert paragraphs(draft([page])) == [" ".join(LEFT), table, " ".join(RIGHT)]


def test_cells_that_stand_closer_than_words_may_are_cells_where_all_rows_have_a_space():
    rows = [("bsz", "steps", "lr", "ppl"), ("256", "1M", "1e-4", "3.99"), ("2K", "125K", "7e-4", "3.68"), ("8K", "31K", "1e-3", "3.77")]
    page = [line(left, 640 - 14 * at, cell) for at, row in enumerate(rows) for left, cell in zip((72, 96, 160, 189), row, strict=True)]
    assert paragraphs(draft([page])) == ["\n".join(" | ".join(row) for row in rows)]


def test_a_line_that_was_stretched_is_no_row_of_a_table():
    stretched = [line(left, 712, word) for left, word in zip((72, 112.01, 145.37), ("What", "had", "happened"), strict=True)]
    page = [*stretched, *column(72, 700, ["in that winter had not been", "seen for a hundred years."])]
    assert paragraphs(draft([page])) == ["What had happened in that winter had not been seen for a hundred years."]


def test_items_of_a_list_stand_one_below_the_other():
    page = column(72, 700, ["What was needed:", "• coal, of which there", "• grain and", "• salt"])
    assert draft([page]).text.split("\n")[-3:] == ["• coal, of which there", "• grain and", "• salt"]


# --- forms ------------------------------------------------------------------------------------------------------------

FORM = [line(72, 700, "Name of the ship"), line(72, 680, "Cargo, in tons"), line(72, 660, "Damaged by ice"), line(72, 640, "Lost at sea")]
FILLED = [
    text_field((160, 696, 300, 714), "Aurora of Leith", "ship"),
    text_field((160, 676, 300, 694), "1,200", "cargo"),
    tick_box((160, 656, 174, 670), ticked=True, name="damaged"),
    tick_box((160, 636, 174, 650), ticked=False, name="lost"),
]


def test_what_was_filled_into_a_form_stands_behind_what_it_is_asked_by():
    text = draft([FORM], fields=FILLED).text
    assert " ".join(text.replace("|", "").split()) == "Name of the ship Aurora of Leith Cargo, in tons 1,200 Damaged by ice ☒ Lost at sea"


def test_a_field_of_several_lines_is_read_line_by_line():
    field = text_field((72, 600, 400, 680), r"The ice came early.\rNobody was ready for it.", more="/Ff 4096")
    assert draft([[line(72, 700, "What happened?")]], fields=[field]).text.split() == (
        "What happened? The ice came early. Nobody was ready for it.".split()
    )


def test_a_field_that_inherits_its_value_is_read():
    """The kind and the value stand in the field, the place in its widget."""
    field = "<</FT/Tx/T(ship)/V(Boreas)/Kids[13 0 R]>>"
    widget = "<</Type/Annot/Subtype/Widget/Parent 12 0 R/Rect[160 696 300 714]>>"
    assert "Boreas" in draft([[line(72, 700, "Ship")]], fields=[field, widget]).text


@pytest.mark.parametrize("more", ["/F 2", "/F 32", "/Ff 8192"], ids=["hidden", "not to be seen", "password"])
def test_a_field_that_shows_nothing_is_not_read(more):
    field = text_field((160, 696, 300, 714), "secret", more=more)
    assert draft([FORM], fields=[field]).text.find("secret") == -1


def test_a_form_on_a_page_on_its_side_is_read_as_people_turn_it():
    """The page is turned by a quarter, its text too, and the field stands a line below the last one."""
    turned = f"q 0 1 -1 0 612 0 cm {' '.join(column(72, 500, LEFT))} Q"
    read = draft([[turned]], fields=[text_field((170, 72, 188, 300), "Aurora of Leith")])
    assert read.text.startswith(" ".join(LEFT))
    assert read.text.endswith("Aurora of Leith")


# --- what the document says of itself ---------------------------------------------------------------------------------

XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:d="http://purl.org/dc/elements/1.1/">
<r:Description><d:title><r:Alt><r:li xml:lang="x-default">Ice in the harbour</r:li></r:Alt></d:title>
<d:creator><r:Seq><r:li>Ada Lind</r:li><r:li>Per Holm</r:li></r:Seq></d:creator><d:language><r:Bag><r:li>en-GB</r:li></r:Bag></d:language>
</r:Description></r:RDF></x:xmpmeta>"""


def test_title_authors_and_dates_come_from_the_information():
    info = {"Title": "Ice in the harbour", "Author": "Ada Lind; Per Holm", "CreationDate": "D:20230421093000+02'00'", "ModDate": "D:2023"}
    read = draft([column(72, 700, LEFT)], info=info)
    assert (read.title, read.authors) == ("Ice in the harbour", ("Ada Lind", "Per Holm"))
    assert (read.published, read.updated) == ("2023-04-21T09:30:00+02:00", "2023")


def test_the_packet_of_metadata_is_read_too():
    read = draft([column(72, 700, LEFT)], xmp=XMP.encode())
    assert (read.title, read.authors, read.language) == ("Ice in the harbour", ("Ada Lind", "Per Holm"), "en-GB")


@pytest.mark.parametrize(
    "packet", [XMP[:-20], XMP.replace("<r:RDF", '<!DOCTYPE a [<!ENTITY b "c">]><r:RDF', 1), "<x:xmpmeta" * 1000 + "</x:xmpmeta>"]
)
def test_a_broken_packet_is_passed_over(packet):
    assert draft([column(72, 700, LEFT)], xmp=packet.encode()).authors == ()


@pytest.mark.parametrize("title", ["Microsoft Word - report_final.docx", "untitled", "layout_3", "harbour.indd", "Slide 1"])
def test_titles_that_programs_give_are_not_believed(title):
    page = [line(72, 740, "A winter without ships", 20), *column(72, 700, LEFT)]
    assert draft([page], info={"Title": title}).title == "A winter without ships"


@pytest.mark.parametrize(
    ("raw", "iso"),
    [
        ("D:20230421093015Z", "2023-04-21T09:30:15Z"),
        ("D:20230421093015-05'30'", "2023-04-21T09:30:15-05:30"),
        ("D:202304210930+01", "2023-04-21T09:30:00+01:00"),
        ("20230421093015", "2023-04-21T09:30:15"),
        ("D:20230421", "2023-04-21"),
        ("D:2023", "2023"),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates_keep_their_zone(raw, iso):
    assert iso_date(raw) == iso


# --- refusals ---------------------------------------------------------------------------------------------------------


def test_a_scan_is_said_to_be_one_with_what_to_do(monkeypatch):
    monkeypatch.setattr("index.loaders.ocr.find_spec", lambda _: None)
    assert refusal(pdf([[], []])) == (
        "no text found: its 2 pages are empty or a picture, as of a scan; to have it recognised, install the extra: "
        "pip install 'assay[ocr]', and Tesseract with its English data (apt install tesseract-ocr)"
    )


def test_letters_that_stand_for_nothing_are_no_text(monkeypatch):
    monkeypatch.setattr("index.loaders.pdfium._shown", lambda found: "\ue001" * len(found))
    assert refusal(pdf([column(72, 700, LEFT)])).startswith("no readable text found")


@pytest.mark.parametrize("data", [b"%PDF-1.4 and nothing else", pdf([[line(72, 700, "words")]])[:300]])
def test_a_damaged_file_is_one_reason(data):
    assert "PDF" in refusal(data) or "no text found" in refusal(data)


@pytest.mark.skipif(missing() is not None, reason="neither tesserocr nor the data of Tesseract are installed")
def test_a_scan_is_recognised_where_tesseract_is(tmp_path):
    import pypdfium2
    from PIL import Image

    page = pypdfium2.PdfDocument(pdf([column(72, 700, LEFT, size=14, leading=18)]))[0]
    picture = page.render(scale=3).to_pil().convert("L")
    assert isinstance(picture, Image.Image)
    picture.save(tmp_path / "scan.pdf", resolution=216)
    (article,) = read(tmp_path / "scan.pdf")
    assert isinstance(article, Article)
    assert article.text == " ".join(LEFT)
    assert article.pages == (0,)


# --- through the sandbox ----------------------------------------------------------------------------------------------


def test_a_pdf_is_known_by_its_bytes(tmp_path):
    (tmp_path / "named.txt").write_bytes(pdf([column(72, 700, LEFT)]))
    (article,) = read(tmp_path / "named.txt")
    assert article.text == " ".join(LEFT)


def prose(number):
    words = f"On page {number} the clerk wrote down what the ice had done to the ships of the town, and signed it with his name."
    return [f"{words} Line {at}." for at in range(45)]


@pytest.mark.parametrize("pages", [40, pytest.param(500, marks=pytest.mark.slow)])
def test_a_long_pdf_takes_time_in_proportion(tmp_path, pages):
    times = []
    for count in (pages // 4, pages):
        (tmp_path / f"{count}.pdf").write_bytes(pdf([column(40, 760, prose(number), 8, 15) for number in range(count)]))
        list(read(tmp_path / f"{pages // 4}.pdf"))  # so that what is imported is not counted
        began = time.monotonic()
        (article,) = read(tmp_path / f"{count}.pdf")
        times.append(time.monotonic() - began)
        assert isinstance(article, Article), article
        assert len(article.pages) == count
        assert all(f"On page {number} the clerk" in article.text[begin : begin + 40] for number, begin in enumerate(article.pages))
        assert all(before < after for before, after in pairwise(article.pages))
    assert times[1] < 10 * times[0]  # four times as many pages, on a machine that does other things too


# --- real documents ---------------------------------------------------------------------------------------------------

DATA = os.environ.get("ASSAY_DATA")
real = pytest.mark.skipif(not DATA, reason="ASSAY_DATA names no folder of public data")


@real
def test_an_encrypted_file_opens_where_the_empty_password_does():
    """Of one text, once encrypted with a password that is not empty: what its samples are is told by their makers."""
    folder = Path(DATA) / "documents/pdfminer/samples/encryption"
    told = {path.name: next(read(path)) for path in sorted(folder.glob("*.pdf"))}
    assert told
    for name, said in told.items():
        opened = isinstance(said, Article) or said.reason.startswith("no text found: its 3 pages are empty")  # one is a scan
        assert opened or said.reason == "encrypted: it opens with a password only; save it without one first", name
    assert any(not isinstance(said, Article) and said.reason.startswith("encrypted") for said in told.values())


@real
def test_real_papers_say_their_titles_and_sections():
    found = {article.path: article for article in read(Path(DATA) / "documents/papers")}
    paper = found["roberta.pdf"]
    assert paper.title == "RoBERTa: A Robustly Optimized BERT Pretraining Approach"
    assert (paper.published, len(paper.pages)) == ("2019-07-28", 13)
    sections = {heading.span.of(paper.text) for heading in paper.headings}
    assert {"Abstract", "1 Introduction", "2.1 Setup", "3.1 Implementation", "4.4 Text Encoding", "7 Conclusion", "References"} <= sections
    assert "pretraining significantly" not in paper.text
    assert "Language model pretraining has led to significant performance gains" in paper.text
    assert not [line for line in paper.text.split("\n") if line.strip().isdigit()]
