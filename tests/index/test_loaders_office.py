"""Office files made by the libraries that people make them with, read back: what was put in comes out, and nothing else."""

import datetime as dt
import io
import re
import zipfile

import docx
import openpyxl
import pptx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Cm

from index.errors import ArticleError
from index.loaders.docx import DocxLoader
from index.loaders.interface import BrokenRow
from index.loaders.odt import OdpLoader, OdsLoader, OdtLoader
from index.loaders.pptx import PptxLoader
from index.loaders.xlsx import XlsxLoader


def saved(document):
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def load(loader, data):
    return list(loader.load(io.BytesIO(data)))


def one(loader, data):
    (draft,) = load(loader, data)
    return draft


def headings(draft):
    return [(heading.span.of(draft.text), heading.level) for heading in draft.headings]


def changed(data, name, old, new):
    """The package with one member edited."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for entry in before.namelist():
            content = before.read(entry)
            if entry == name:
                assert old.encode() in content
                content = content.replace(old.encode(), new.encode())
            after.writestr(entry, content)
    return out.getvalue()


# --- Word -------------------------------------------------------------------------------------------------------------


def word():
    document = docx.Document()
    document.core_properties.title = "Annual report"
    document.core_properties.author = "Ann Lee; Bob Ray"
    document.core_properties.created = dt.datetime(2023, 4, 21, 9, 0, tzinfo=dt.UTC)
    document.core_properties.modified = dt.datetime(2023, 5, 2, 10, 30, tzinfo=dt.UTC)
    document.core_properties.language = "en-GB"
    return document


def test_a_word_file_has_its_properties_headings_lists_and_tables():
    document = word()
    document.sections[0].header.paragraphs[0].text = "Page header"
    document.sections[0].footer.paragraphs[0].text = "Page footer"
    document.add_heading("Growth", 1)
    document.add_paragraph("Sales rose.\tA lot.\nAnd again.")
    document.add_heading("By region", 2)
    document.add_paragraph("North", style="List Bullet")
    document.add_paragraph("South", style="List Number")
    table = document.add_table(2, 2)
    for cell, text in zip((c for row in table.rows for c in row.cells), ("Year", "Sales", "2023", "4 m"), strict=True):
        cell.text = text
    document.add_paragraph("The end.")
    draft = one(DocxLoader(), saved(document))
    assert draft.text == "Growth\n\nSales rose. A lot.\nAnd again.\n\nBy region\n\nNorth\nSouth\n\nYear | Sales\n2023 | 4 m\n\nThe end."
    assert headings(draft) == [("Growth", 1), ("By region", 2)]
    assert (draft.title, draft.authors, draft.language) == ("Annual report", ("Ann Lee", "Bob Ray"), "en-GB")
    assert (draft.published, draft.updated) == ("2023-04-21T09:00:00Z", "2023-05-02T10:30:00Z")


def paragraph(inner):
    return parse_xml(f"<w:p {nsdecls('w')}>{inner}</w:p>")


def run(text, properties=""):
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def test_what_a_reader_of_the_page_does_not_see_is_left_out():
    document = word()
    hidden = document.styles.add_style("Secret", WD_STYLE_TYPE.CHARACTER)
    hidden.font.hidden = True
    body = document.element.body
    pieces = [
        run("Seen "),
        run("hidden ", "<w:vanish/>"),
        run("styled ", '<w:rStyle w:val="Secret"/>'),
        run("shown ", '<w:rStyle w:val="Secret"/><w:vanish w:val="0"/>'),
        '<w:del w:id="1" w:author="x"><w:r><w:delText>deleted </w:delText></w:r></w:del>',
        f'<w:ins w:id="2" w:author="x">{run("inserted ")}</w:ins>',
        f'<w:moveFrom w:id="3" w:author="x">{run("moved away ")}</w:moveFrom>',
        f'<w:moveTo w:id="4" w:author="x">{run("moved here ")}</w:moveTo>',
        "<w:r><w:instrText>PAGEREF x</w:instrText></w:r>",
        f"<w:sdt><w:sdtContent>{run('controlled ')}</w:sdtContent></w:sdt>",
        "<w:hyperlink>" + run("linked") + "</w:hyperlink>",
    ]
    body.insert(0, paragraph("".join(pieces)))
    assert one(DocxLoader(), saved(document)).text == "Seen shown inserted moved here controlled linked"


def test_the_dates_of_a_librarys_template_are_none_of_the_file():
    document = docx.Document()
    document.add_paragraph("Words.")
    draft = one(DocxLoader(), saved(document))
    assert (draft.authors, draft.published, draft.updated) == ((), None, None)
    slides = pptx.Presentation()
    slides.slides.add_slide(slides.slide_layouts[0]).shapes.title.text = "Words."
    draft = one(PptxLoader(), saved(slides))
    assert (draft.authors, draft.published, draft.updated) == ((), None, None)


def test_an_empty_cell_keeps_its_place_in_a_row():
    document = word()
    table = document.add_table(4, 4)
    shown = [["Land", "Year", "Sales", "Costs"], ["Chile", "2021", "", "5"], ["", "2022", "7", ""], ["", "Sum", "", ""]]
    for row, cells in enumerate(shown):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    assert one(DocxLoader(), saved(document)).text == "Land | Year | Sales | Costs\nChile | 2021 |  | 5\n| 2022 | 7\nSum"


def test_contents_are_left_out_and_text_boxes_are_not():
    document = word()
    document.styles.add_style("toc 1", WD_STYLE_TYPE.PARAGRAPH)
    document.add_paragraph("Growth ... 3", style="toc 1")
    document.add_paragraph("Before.")
    box = (
        f'<w:p {nsdecls("w")} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
        ' xmlns:v="urn:schemas-microsoft-com:vml">'
        f"<w:r><w:t>Anchor.</w:t></w:r><w:r><mc:AlternateContent><mc:Choice Requires='wps'>"
        f"<w:drawing><w:txbxContent><w:p>{run('Boxed.')}</w:p>"
        f"</w:txbxContent></w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox><w:txbxContent><w:p>{run('Boxed.')}</w:p></w:txbxContent>"
        "</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>"
    )
    document.element.body.insert(2, parse_xml(box))
    assert one(DocxLoader(), saved(document)).text == "Before.\n\nAnchor.\n\nBoxed."


def test_a_footnote_stands_behind_its_paragraph():
    document = word()
    document.add_paragraph("A claim")
    document.paragraphs[0]._p.append(parse_xml(f'<w:r {nsdecls("w")}><w:footnoteReference w:id="2"/></w:r>'))
    document.add_paragraph("More.")
    notes = (
        f'<w:footnotes {nsdecls("w")}><w:footnote w:id="0" w:type="separator"><w:p>{run("____")}</w:p></w:footnote>'
        f'<w:footnote w:id="2"><w:p>{run("See page 3.")}</w:p></w:footnote>'
        f'<w:footnote w:id="3"><w:p>{run("Nobody refers here.")}</w:p></w:footnote>'
        "</w:footnotes>"
    )
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"
    data = changed(
        saved(document),
        "word/_rels/document.xml.rels",
        "</Relationships>",
        f'<Relationship Id="rN" Type="{kind}" Target="/word/footnotes.xml"/></Relationships>',
    )
    with zipfile.ZipFile(stream := io.BytesIO(data), "a") as archive:
        archive.writestr("word/footnotes.xml", notes)
    assert one(DocxLoader(), stream.getvalue()).text == "A claim\n\nSee page 3.\n\nMore."


def test_a_table_of_one_column_is_prose_in_a_frame():
    document = word()
    cell = document.add_table(1, 1).cell(0, 0)
    cell.text = "Framed."
    cell.add_paragraph("Second.")
    assert one(DocxLoader(), saved(document)).text == "Framed.\n\nSecond."


def test_names_that_programs_fill_in_are_nobodys():
    document = docx.Document()
    document.core_properties.title = "PowerPoint Presentation"
    document.add_paragraph("Text", style="Title")
    draft = one(DocxLoader(), saved(document))
    assert (draft.title, draft.authors) == ("Text", ())  # the library signs as `python-docx`


def test_an_empty_word_file_is_refused():
    with pytest.raises(ArticleError, match="no text"):
        one(DocxLoader(), saved(word()))


# --- PowerPoint -------------------------------------------------------------------------------------------------------


def test_each_slide_is_a_page_with_title_text_table_chart_and_notes():
    show = pptx.Presentation()
    first = show.slides.add_slide(show.slide_layouts[1])
    first.placeholders[1].text = "Point one\nPoint two"
    first.shapes.title.text = "Opening"
    first.notes_slide.notes_text_frame.text = "Say hello."
    show.slides.add_slide(show.slide_layouts[6])
    third = show.slides.add_slide(show.slide_layouts[5])
    third.shapes.title.text = "Figures"
    table = third.shapes.add_table(2, 2, 0, 0, Cm(5), Cm(5)).table
    for row, column, text in ((0, 0, "Year"), (0, 1, "Sales"), (1, 0, "2023"), (1, 1, "4 m")):
        table.cell(row, column).text = text
    group = third.shapes.add_group_shape()
    group.shapes.add_textbox(0, 0, Cm(1), Cm(1)).text_frame.text = "Grouped"
    data = CategoryChartData()
    data.categories = ["North", "South"]
    data.add_series("Q1", (1.5, 2))
    third.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, Cm(5), Cm(5), data)
    draft = one(PptxLoader(), saved(show))
    slides = [draft.text[start:end].strip() for start, end in zip(draft.pages, (*draft.pages[1:], None), strict=True)]
    assert slides == [
        "Opening\n\nPoint one\nPoint two\n\nSay hello.",
        "",
        "Figures\n\nYear | Sales\n2023 | 4 m\n\nGrouped\n\nQ1\nNorth | 1.5\nSouth | 2",
    ]
    assert headings(draft) == [("Opening", 1), ("Figures", 1)]


def test_a_hidden_slide_keeps_its_number_and_not_its_words():
    show = pptx.Presentation()
    for title in ("One", "Two", "Three"):
        show.slides.add_slide(show.slide_layouts[5]).shapes.title.text = title
    show.slides[1]._element.set("show", "0")
    draft = one(PptxLoader(), saved(show))
    assert draft.text == "One\n\nThree"
    assert draft.pages == (0, 5, 5)


# --- Excel ------------------------------------------------------------------------------------------------------------


def test_sheets_stand_under_their_names_with_named_cells():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Prices"
    for row in (("Item", "Price", "Since", "Sold"), ("Tea", 3.5, dt.date(2023, 4, 21), True), ("Coffee", 4.0, None, 0.1 + 0.2)):
        sheet.append(row)
    sheet["A6"] = "All prices in euros"
    secret = book.create_sheet("Secret")
    secret["A1"] = "hidden"
    secret.sheet_state = "hidden"
    book.create_sheet("Empty")
    book.properties.creator = "Ann Lee"
    draft = one(XlsxLoader(), saved(book))
    assert draft.text == (
        "Prices\n\nItem: Tea | Price: 3.5 | Since: 2023-04-21 | Sold: TRUE\nItem: Coffee | Price: 4 | Sold: 0.3\n\nAll prices in euros"
    )
    assert headings(draft) == [("Prices", 1)]
    assert draft.authors == ("Ann Lee",)


def test_a_sheet_of_articles_is_an_article_a_row():
    book = openpyxl.Workbook()
    at = dt.datetime(2023, 4, 21, 9, 0)  # noqa: DTZ001 - a sheet knows no zones
    for row in (("id", "title", "text", "date", "views"), ("a", "T", "Words.", at, 7), ("b", "U", 5, None, 1)):
        book.active.append(row)
    good, bad = load(XlsxLoader(), saved(book))
    assert (good.id, good.title, good.text, good.published, good.row) == ("a", "T", "Words.", "2023-04-21T09:00:00", ("row", 2))
    assert good.metadata == {"views": 7, "sheet": "Sheet"}
    assert isinstance(bad, BrokenRow)
    assert str(bad.where) == "row 3"


@pytest.mark.parametrize("cells", [{}, {"A1": "#REF!"}, {"B2": " "}])
def test_sheets_without_words_are_refused(cells):
    book = openpyxl.Workbook()
    for place, value in cells.items():
        book.active[place] = value
        if value.startswith("#"):
            book.active[place].data_type = "e"
    with pytest.raises(ArticleError, match="no text: the sheets are empty"):
        one(XlsxLoader(), saved(book))


def test_cells_far_apart_are_refused_before_a_rectangle_is_made_of_them():
    book = openpyxl.Workbook()
    book.active["A1"] = "x"
    book.active["XFD1048576"] = "y"
    with pytest.raises(ArticleError, match="spans 1,048,576 rows and 16,384 columns"):
        one(XlsxLoader(), saved(book))


@pytest.mark.parametrize("written", ["r='XFD1048576'", "r\n=\t'XFD1048576'", 's="1"r="xfd1048576"', f'{"s" * 1500}="" r=" XFD1048576"'])
def test_however_a_cell_far_apart_is_written_it_is_refused(written):
    book = openpyxl.Workbook()
    book.active["A1"] = "x"
    book.active["B2"] = "y"
    sheet = changed(saved(book), "xl/worksheets/sheet1.xml", 'r="B2"', written)
    with pytest.raises(ArticleError, match="spans 1,048,576 rows and 16,384 columns"):
        one(XlsxLoader(), sheet)


# --- OpenDocument -----------------------------------------------------------------------------------------------------

_SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{of}:1.0"'
    for name, of in {
        **{name: name for name in ("office", "style", "text", "table", "presentation", "meta")},
        "draw": "drawing",
        "fo": "xsl-fo-compatible",
    }.items()
)


def open_document(body, styles="", meta=""):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(
            "content.xml",
            f"<office:document-content {_SPACES}><office:automatic-styles>{styles}</office:automatic-styles>"
            f"<office:body>{body}</office:body></office:document-content>",
        )
        archive.writestr(
            "meta.xml",
            f'<office:document-meta {_SPACES} xmlns:dc="http://purl.org/dc/elements/1.1/"><office:meta>{meta}</office:meta></office:document-meta>',
        )
    return stream.getvalue()


def test_an_open_document_text():
    body = (
        "<office:text><text:tracked-changes><text:p>deleted</text:p></text:tracked-changes><text:table-of-content><text:p>Big 3</text:p>"
        '</text:table-of-content><text:h text:outline-level="2">Big</text:h><text:p>Some<text:s text:c="2"/>text<text:note>'
        "<text:note-citation>1"
        "</text:note-citation><text:note-body><text:p>The note.</text:p></text:note-body></text:note> goes"
        '<text:line-break/>on<text:span text:style-name="H">secret</text:span>'
        "<office:annotation><text:p>comment</text:p></office:annotation>.</text:p>"
        "<text:list><text:list-item><text:p>a</text:p><text:list><text:list-item><text:p>b</text:p></text:list-item></text:list></text:list-item>"
        "</text:list><table:table><table:table-row><table:table-cell><text:p>1</text:p></table:table-cell><table:table-cell><text:p>2</text:p>"
        "</table:table-cell></table:table-row></table:table></office:text>"
    )
    style = '<style:style style:name="H" style:family="text"><style:text-properties text:display="none"/></style:style>'
    meta = (
        "<dc:title>T</dc:title><meta:initial-creator>Ann</meta:initial-creator><meta:creation-date>2023-04-21T09:00:00</meta:creation-date>"
        "<dc:date>2023-05-02T10:00:00</dc:date><dc:language>de-DE</dc:language>"
    )
    draft = one(OdtLoader(), open_document(body, style, meta))
    assert draft.text == "Big\n\nSome text goes\non.\n\nThe note.\n\na\nb\n\n1 | 2"
    assert headings(draft) == [("Big", 2)]
    assert (draft.title, draft.authors, draft.language) == ("T", ("Ann",), "de-DE")
    assert (draft.published, draft.updated) == ("2023-04-21T09:00:00", "2023-05-02T10:00:00")


def test_an_open_document_spreadsheet_whose_empty_cells_repeat_without_end():
    cell = "<table:table-cell><text:p>{}</text:p></table:table-cell>".format
    rest = '<table:table-cell table:number-columns-repeated="16000"/>'
    rows = "".join(f"<table:table-row>{cell(a)}{cell(b)}{rest}</table:table-row>" for a, b in (("Item", "Price"), ("Tea", "3")))
    endless = f'<table:table-row table:number-rows-repeated="1048000">{rest}</table:table-row>'
    body = f'<office:spreadsheet><table:table table:name="Prices">{rows}{endless}</table:table></office:spreadsheet>'
    assert one(OdsLoader(), open_document(body)).text == "Prices\n\nItem: Tea | Price: 3"


def test_an_open_document_presentation():
    frame = '<draw:frame presentation:class="{}"><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>'.format
    pages = "".join(f"<draw:page>{frame('outline', f'Words {n}')}{frame('title', f'Title {n}')}</draw:page>" for n in (1, 2))
    draft = one(OdpLoader(), open_document(f"<office:presentation>{pages}</office:presentation>"))
    assert draft.text == "Title 1\n\nWords 1\n\nTitle 2\n\nWords 2"
    assert draft.pages == (0, 18)
    assert headings(draft) == [("Title 1", 1), ("Title 2", 1)]


def test_what_a_password_protects_is_refused():
    stream = io.BytesIO(open_document("<office:text/>"))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("META-INF/manifest.xml", "<manifest><file-entry><encryption-data/></file-entry></manifest>")
    with pytest.raises(ArticleError, match="password"):
        one(OdtLoader(), stream.getvalue())


# --- hostile ----------------------------------------------------------------------------------------------------------

ENTITIES = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("entity", ["&b;", "&f;", ""])
def test_entities_are_never_read(entity):
    document = word()
    document.add_paragraph("Words.")
    data = changed(saved(document), "word/document.xml", "Words.", f"Words.{entity}")
    data = changed(data, "word/document.xml", "<w:document", f"{ENTITIES}<w:document")
    with pytest.raises(ArticleError, match="declares entities"):
        one(DocxLoader(), data)


def test_markup_nested_without_end_is_refused():
    document = word()
    document.add_paragraph("Words.")
    deep = changed(saved(document), "word/document.xml", "<w:body>", "<w:body>" + "<w:sdt>" * 50_000)
    with pytest.raises(ArticleError, match=re.compile("cannot be read: .*depth", re.IGNORECASE)):
        one(DocxLoader(), deep)


def test_parts_are_looked_for_in_the_package_alone():
    document = word()
    document.add_paragraph("Words.")
    data = changed(saved(document), "_rels/.rels", "word/document.xml", "../../../../etc/passwd")
    assert one(DocxLoader(), data).text == "Words."  # by custom, where nothing that is there is named
