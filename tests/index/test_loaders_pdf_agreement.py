"""The words of PDFs and their order, against another program that reads them: Poppler's `pdftotext`, where it is installed."""

import os
import re
import shutil
import subprocess
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from rapidfuzz.distance import LCSseq

from index.article import Article
from index.loaders import read

DATA = os.environ.get("ASSAY_DATA")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not DATA, reason="ASSAY_DATA names no folder of public data"),
    pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext, of poppler-utils, is not installed"),
]

#: Documents of prose with the least that their words agree (as bags), and that their order does (longest common subsequence). Tables lower
#: the latter: ours are rows, those of the other columns; and so does that running heads are left out here alone.
AGREEMENT = {
    "papers/codenet.pdf": (0.99, 0.94),
    "papers/distilbert.pdf": (0.99, 0.95),
    "papers/roberta.pdf": (0.98, 0.93),
    "papers/superglue.pdf": (0.99, 0.96),
    "docling/tests/data/pdf/sources/2305.03393v1-pg9.pdf": (0.99, 0.96),
    "docling/tests/data/odf/sources/text_document_01.odt.pdf": (0.97, 0.97),
    "pdfminer/samples/nonfree/dmca.pdf": (0.97, 0.97),
    "pdfminer/samples/nonfree/naacl06-shinyama.pdf": (0.99, 0.93),
    "pypdf/014-outlines/mistitled_outlines_example.pdf": (0.99, 0.99),
}

#: Pages of two columns, figures and tables, looked at: words by which their paragraphs begin, in the order in which people read them.
LOOKED_AT = {
    ("papers/roberta.pdf", 2): [
        *("alternatives that lead", "2 Background", "2.1 Setup", "BERT takes as", "2.2 Architecture", "2.3 Training Objectives"),
        *("Masked Language Model (MLM)", "In the original implementation", "Next Sentence Prediction (NSP)", "The NSP objective"),
        *("2.4 Optimization", "2.5 Data", "3 Experimental Setup", "3.1 Implementation"),
    ],
    ("papers/codenet.pdf", 7): [
        *("5.2 Cleansing", "Because data are", "As indicated in", "Besides similar code", "Figure 3:", "5.3 Benchmark Datasets"),
        *("CodeNet has a rich", "6 Code Representation", "Machine learning with", "Tokenizer.", "Simplified Parse Tree"),
    ],
    ("pdfminer/samples/nonfree/naacl06-shinyama.pdf", 2): [
        *("Keywords: storm", "Table 1:", "We implemented a preliminary", "2 Basic Idea", "In Unrestricted Relation", "Suppose that there"),
        *("Figure 1:", "Figure 2:", "and the place it affected.", "Generally, in a clustering", "We can extend this"),
    ],
    ("docling/tests/data/pdf/sources/normal_4pages.pdf", 4): ["(1)", "(2)", "Tel. 02-788-4510", "(3)", "10)", "ISSN 2005-744X"],
}


def words(text):
    """The words of a text, those parted at the end of a line put together."""
    text = unicodedata.normalize("NFKC", text.replace("\u00ad", ""))
    return re.findall(r"\w+", re.sub(r"(\w)-\s*\n\s*(\w)", r"\1\2", text.lower()))


def f1(common, ours, theirs):
    return 2 * common / (len(ours) + len(theirs))


@pytest.mark.parametrize("name", AGREEMENT)
def test_words_and_their_order_agree(name):
    file = Path(DATA) / "documents" / name
    (article,) = read(file)
    assert isinstance(article, Article), article
    told = subprocess.run(["pdftotext", "-enc", "UTF-8", str(file), "-"], capture_output=True, check=True).stdout.decode()  # noqa: S607
    ours, theirs = words(article.text), words(told)
    bag = f1(sum((Counter(ours) & Counter(theirs)).values()), ours, theirs)
    order = f1(LCSseq.similarity(ours, theirs), ours, theirs)
    prose = words("\n\n".join(block for block in article.text.split("\n\n") if " | " not in block and len(block.split()) > 20))
    inside = LCSseq.similarity(prose, theirs) / len(prose)
    print(f"\n{name}: words {bag:.3f}, in order {order:.3f}, of the prose {inside:.3f}")  # noqa: T201
    assert (bag, order) >= AGREEMENT[name]
    assert order >= AGREEMENT[name][1]


@pytest.mark.parametrize(("name", "page"), LOOKED_AT)
def test_pages_that_were_looked_at_are_read_in_order(name, page):
    (article,) = read(Path(DATA) / "documents" / name)
    begin, end = [*article.pages, len(article.text)][page - 1 : page + 1]
    text = article.text[begin:end]
    places = [text.find(words) for words in LOOKED_AT[name, page]]
    assert -1 not in places, LOOKED_AT[name, page][places.index(-1)]
    assert places == sorted(places)
