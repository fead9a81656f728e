"""Pages that were looked at, and in what order a person reads what stands on them; no word of theirs is kept here.

Each page was drawn as a picture, and boxes were laid on it by eye, around what is read in one go, in the order in which that is read. The
words within a box are those that Poppler's `pdftotext` finds there (a second reader, which knows nothing of our order), compared with the
picture; where it parts or joins a word wrongly, that is put right here. So the text can be made again wherever the documents are, and
`DIGEST` tells whether it is the one that was looked at.

The rules: what pages repeat (running heads, page numbers) is left out. A column is read to its end, footnotes, figures and captions where
they stand in it; tables row by row, but a head of several lines cell by cell; the labels of a figure from top to bottom; addresses one
after the other; what runs along the margin last.

The first eleven were looked at while the rules of order were written, the last five only when they
were done, and no rule was changed for them.
"""

from typing import NamedTuple


class Box(NamedTuple):
    """A part of a page, in points from the upper left corner of its sheet."""

    left: int
    top: int
    right: int
    bottom: int
    rows: bool = False
    """Whether it is read row by row, as it stands, rather than as it was written."""


class Page(NamedTuple):
    """A page as it is read."""

    boxes: list[Box]
    digest: str
    corrected: dict[str, str] = {}  # noqa: RUF012  # a tuple's default, never changed


PAGES = {
    # a first page: title, authors, affiliations, abstract, two columns, footnotes, a stamp along the margin
    ("papers/roberta.pdf", 1): Page(
        [
            Box(64, 68, 534, 87),
            Box(64, 100, 534, 133),
            Box(64, 138, 534, 233),
            Box(64, 258, 298, 726),
            Box(64, 731, 298, 768),
            Box(300, 258, 534, 739),
            Box(300, 739, 534, 768),
            Box(13, 245, 39, 592),
        ],
        "ebc64b4a322a452f",
    ),
    # two columns, a table with its caption, a footnote, a stretched line, words in small capitals
    ("papers/roberta.pdf", 6): Page(
        [
            Box(68, 61, 296, 132, rows=True),
            Box(68, 145, 296, 219),
            Box(68, 238, 296, 700),
            Box(68, 703, 296, 768),
            Box(303, 61, 531, 770),
        ],
        "888b6aeaabcd5f35",
    ),
    # one column with a wide table, then two captions with tables beside each other, not level; a footnote
    ("papers/distilbert.pdf", 3): Page(
        [
            Box(103, 68, 508, 104),
            Box(103, 108, 508, 161, rows=True),
            Box(103, 168, 292, 238),
            Box(109, 244, 193, 269),
            Box(194, 244, 226, 269),
            Box(228, 244, 283, 269),
            Box(109, 271, 283, 309, rows=True),
            Box(318, 177, 508, 234),
            Box(331, 240, 389, 265),
            Box(390, 240, 447, 265),
            Box(449, 240, 501, 265),
            Box(331, 266, 501, 302, rows=True),
            Box(103, 328, 508, 706),
            Box(103, 710, 508, 725),
        ],
        "5afef22ffce8adc8",
    ),
    # instructions for a tax form in three columns that stand close, with signs in the margin and lists
    ("pdfminer/samples/nonfree/i1040nr.pdf", 10): Page(
        [
            Box(35, 245, 217, 965),
            Box(219, 245, 393, 616),
            Box(219, 620, 252, 652),
            Box(252, 620, 393, 650),
            Box(219, 650, 393, 965),
            Box(397, 245, 575, 405),
            Box(397, 407, 432, 438),
            Box(432, 408, 575, 438),
            Box(397, 438, 575, 965),
        ],
        "91d34387ea9dfb4e",
    ),
    # a tax table: three tables beside each other under heads of several lines
    ("pdfminer/samples/nonfree/i1040nr.pdf", 44): Page(
        [
            Box(39, 247, 257, 257),
            Box(41, 258, 109, 287),
            Box(110, 258, 212, 287),
            Box(41, 288, 76, 325),
            Box(76, 288, 109, 325),
            Box(110, 288, 141, 315),
            Box(141, 288, 177, 315),
            Box(177, 288, 212, 315),
            Box(110, 315, 212, 325),
            Box(41, 327, 212, 910, rows=True),
            Box(219, 258, 287, 287),
            Box(288, 258, 390, 287),
            Box(219, 288, 254, 325),
            Box(255, 288, 287, 325),
            Box(288, 288, 319, 315),
            Box(319, 288, 356, 315),
            Box(356, 288, 390, 315),
            Box(288, 315, 390, 325),
            Box(219, 327, 390, 910, rows=True),
            Box(397, 258, 465, 287),
            Box(466, 258, 568, 287),
            Box(397, 288, 432, 325),
            Box(433, 288, 465, 325),
            Box(466, 288, 497, 315),
            Box(497, 288, 534, 315),
            Box(534, 288, 568, 315),
            Box(466, 315, 568, 325),
            Box(397, 327, 568, 910, rows=True),
            Box(450, 952, 572, 965),
        ],
        "2a4bdd004e5c4746",
    ),
    # an invoice: addresses beside each other, labels above values, a table, two notes at the foot
    ("pdfminer/samples/contrib/issue-1062-filters.pdf", 1): Page(
        [
            Box(55, 35, 258, 66),
            Box(55, 77, 219, 125),
            Box(238, 77, 361, 125, rows=True),
            Box(460, 99, 534, 113),
            Box(55, 155, 258, 202),
            Box(303, 149, 534, 205),
            Box(303, 207, 534, 235, rows=True),
            Box(303, 237, 534, 264, rows=True),
            Box(303, 265, 534, 293, rows=True),
            Box(303, 294, 534, 322, rows=True),
            Box(303, 324, 534, 409),
            Box(55, 433, 534, 480, rows=True),
            Box(55, 497, 89, 509),
            Box(89, 497, 193, 509),
            Box(206, 497, 270, 509),
            Box(335, 497, 377, 516),
            Box(377, 497, 451, 516),
            Box(477, 497, 528, 516),
            Box(55, 529, 534, 557, rows=True),
            Box(55, 558, 534, 704, rows=True),
            Box(473, 701, 544, 712),
            Box(48, 748, 270, 795),
            Box(303, 748, 412, 774),
        ],
        "1adf008b8bcaa621",
    ),
    # tables with raised marks, a numbered list, captions, references
    ("pdfminer/samples/nonfree/naacl06-shinyama.pdf", 8): Page(
        [
            Box(71, 74, 299, 250),
            Box(68, 259, 299, 356),
            Box(68, 366, 299, 407),
            Box(71, 417, 299, 518, rows=True),
            Box(68, 522, 299, 590),
            Box(71, 603, 299, 684, rows=True),
            Box(68, 690, 299, 719),
            Box(306, 68, 544, 719),
        ],
        "5bb8e6f2a5ab85dc",
        {"midsep": "mid sep"},
    ),
    # a formula, footnotes, a figure with labels, a sentence that goes on below it
    ("pdfminer/samples/nonfree/naacl06-shinyama.pdf", 5): Page(
        [
            Box(68, 72, 300, 663),
            Box(68, 668, 300, 722),
            Box(306, 68, 544, 209, rows=True),
            Box(306, 218, 544, 246),
            Box(306, 263, 544, 722),
        ],
        "cde9b3584c2b77d7",
        {"fscore": "f score", "singledocument": "single document"},
    ),
    # a report of one column with a running head and foot, headings, a quotation
    ("pdfminer/samples/nonfree/dmca.pdf", 3): Page(
        [
            Box(103, 92, 514, 687),
        ],
        "23346352aa9e5c3e",
    ),
    # a table with heads of two lines, prose
    ("papers/codenet.pdf", 16): Page(
        [
            Box(103, 78, 508, 89),
            Box(147, 89, 199, 110),
            Box(200, 89, 255, 110),
            Box(255, 89, 296, 110),
            Box(297, 89, 337, 110),
            Box(337, 89, 382, 110),
            Box(382, 89, 424, 110),
            Box(424, 89, 465, 110),
            Box(147, 110, 465, 151, rows=True),
            Box(103, 183, 508, 723),
        ],
        "e5cbaaeeba700f5c",
    ),
    # a Korean journal: a masthead, an abstract, two columns with footnotes
    ("docling/tests/data/pdf/sources/normal_4pages.pdf", 1): Page(
        [
            Box(56, 106, 265, 171),
            Box(484, 79, 556, 103),
            Box(371, 116, 550, 152),
            Box(56, 189, 550, 270),
            Box(490, 273, 553, 290),
            Box(66, 318, 550, 392),
            Box(63, 424, 298, 450, rows=True),
            Box(63, 474, 298, 646),
            Box(63, 662, 298, 742),
            Box(63, 742, 298, 782, rows=True),
            Box(315, 419, 550, 742),
            Box(315, 765, 550, 782),
            Box(60, 815, 397, 829),
        ],
        "33c6c3d34c1eb079",
    ),
    # a table with its caption, prose
    ("papers/superglue.pdf", 3): Page(
        [
            Box(103, 71, 508, 105),
            Box(125, 113, 485, 212, rows=True),
            Box(103, 280, 508, 723),
        ],
        "fbfd4683f7320bfc",
    ),
    # a table over two columns with a head of two lines, a footnote, a sentence that goes on in the next column
    ("papers/roberta.pdf", 7): Page(
        [
            Box(109, 68, 340, 95, rows=True),
            Box(345, 64, 394, 95),
            Box(398, 68, 491, 95, rows=True),
            Box(106, 98, 493, 241, rows=True),
            Box(68, 256, 534, 318),
            Box(68, 338, 298, 728),
            Box(68, 731, 298, 768),
            Box(301, 338, 534, 770),
        ],
        "e230c8342a07ebae",
        {"ooks": "", "iki": "", "b": "books", "w": "wiki", "multitask": "multi task"},
    ),
    # a box over two of three columns, and a worksheet below the other two
    ("pdfminer/samples/nonfree/i1040nr.pdf", 21): Page(
        [
            Box(39, 247, 393, 446),
            Box(35, 457, 215, 965),
            Box(219, 457, 393, 631),
            Box(397, 247, 575, 631),
            Box(222, 642, 402, 656),
            Box(444, 642, 540, 656),
            Box(221, 660, 260, 701),
            Box(262, 665, 572, 723),
            Box(219, 729, 572, 901, rows=True),
            Box(219, 904, 572, 954),
        ],
        "226838161607a00b",
    ),
    # a program over two columns, tables in one, a quotation in a frame
    ("pdfminer/samples/nonfree/naacl06-shinyama.pdf", 7): Page(
        [
            Box(113, 80, 502, 227),
            Box(193, 240, 419, 252),
            Box(100, 269, 270, 354, rows=True),
            Box(122, 357, 251, 370),
            Box(70, 381, 303, 495, rows=True),
            Box(68, 496, 300, 525),
            Box(68, 546, 300, 724),
            Box(306, 272, 544, 695),
        ],
        "53e85bf512af213b",
        {"goahead": "go ahead"},
    ),
    # an estimate: labels and values in two blocks beside each other, a table
    ("markitdown/packages/markitdown/tests/test_files/REPAIR-2022-INV-001_multipage.pdf", 1): Page(
        [
            Box(77, 186, 473, 264),
            Box(77, 276, 473, 292),
            Box(77, 294, 257, 374, rows=True),
            Box(309, 294, 473, 400, rows=True),
            Box(77, 413, 257, 427, rows=True),
            Box(309, 413, 473, 427, rows=True),
            Box(77, 440, 473, 453),
            Box(77, 455, 473, 614, rows=True),
            Box(77, 627, 473, 641, rows=True),
            Box(76, 652, 473, 720),
        ],
        "5aa79c88851e995a",
    ),
}
