"""Small PDFs written by hand: each line where it is wanted, in Helvetica of any size."""

import zlib

REGULAR, BOLD = "F1", "F2"


def line(left, bottom, text, size=10, font=REGULAR):
    """One line of text: what a page is made of."""
    escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"BT /{font} {size} Tf {left} {bottom} Td ({escaped}) Tj ET"


def column(left, top, lines, size=10, leading=12, font=REGULAR):
    """Lines one below the other."""
    return [line(left, top - leading * number, text, size, font) for number, text in enumerate(lines)]


def text_field(box, value, name="text", more=""):
    """A field of a form into which something was written."""
    return f"<</Type/Annot/Subtype/Widget/FT/Tx/T({name})/V({value})/DA(/F1 10 Tf)/Rect[{' '.join(map(str, box))}]{more}>>"


def tick_box(box, ticked, name="tick"):
    """A box of a form, ticked or not."""
    state = "Yes" if ticked else "Off"
    looks = "/AP<</N<</Yes<<>>/Off<<>>>>>>"
    return f"<</Type/Annot/Subtype/Widget/FT/Btn/T({name})/V/{state}/AS/{state}{looks}/Rect[{' '.join(map(str, box))}]>>"


def pdf(pages, info=(), xmp=b"", rotate=0, crop=(0, 0, 612, 792), fields=()):
    """The bytes of a PDF: its pages as lists of lines, its information as names with values, a form's fields on the first page."""
    count = len(pages)
    places = " ".join(f"{10 + 2 * count + at} 0 R" for at in range(len(fields))).encode()
    fonts = b"<</Font<</F1 3 0 R/F2 4 0 R>>>>"
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R"
        + (b"/Metadata 6 0 R" if xmp else b"")
        + (b"/AcroForm<</Fields[%s]/DR<</Font<</F1 3 0 R>>>>/DA(/F1 10 Tf)>>" % places if fields else b"")
        + b">>",
        2: b"<</Type/Pages/Count %d/Kids[%s]>>" % (count, b" ".join(b"%d 0 R" % (10 + 2 * number) for number in range(count))),
        3: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>",
        4: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica-Bold/Encoding/WinAnsiEncoding>>",
        5: b"<<" + b"".join(b"/%s(%s)" % (name.encode(), value.encode("latin-1")) for name, value in dict(info).items()) + b">>",
        6: b"<</Type/Metadata/Subtype/XML/Length %d>>stream\n%s\nendstream" % (len(xmp), xmp),
    }
    for number, lines in enumerate(pages):
        content = zlib.compress("\n".join(lines).encode("cp1252"))
        objects[10 + 2 * number] = (
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/CropBox[%d %d %d %d]/Rotate %d/Contents %d 0 R/Resources %s/Annots[%s]>>"
            % (
                *crop,
                rotate,
                11 + 2 * number,
                fonts,
                b"" if number else places,
            )
        )
        objects[11 + 2 * number] = b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(content), content)
    objects |= {10 + 2 * count + at: field.encode("cp1252") for at, field in enumerate(fields)}
    written, begins = bytearray(b"%PDF-1.5\n"), {}
    for number, body in objects.items():
        begins[number] = len(written)
        written += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(written)
    size = max(objects) + 1
    written += b"xref\n0 %d\n0000000000 65535 f \n" % size
    written += b"".join(b"%010d 00000 n \n" % begins[at] if at in begins else b"0000000000 65535 f \n" for at in range(1, size))
    written += b"trailer<</Size %d/Root 1 0 R/Info 5 0 R>>\nstartxref\n%d\n%%%%EOF" % (size, table)
    return bytes(written)
