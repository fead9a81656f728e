"""Pages for the tests of the web."""

PROSE = (
    "The council of the harbour town voted on Tuesday to close the old smelter by the end of the year. "
    "Engineers had warned for months that its chimney leans towards the school. "
)


def article(title, *, paragraphs=6, head=""):
    body = "".join(f"<p>{PROSE} Paragraph {number} of {title} adds what the engineers said.</p>" for number in range(paragraphs))
    page = f"<!doctype html><html><head><title>{title}</title>{head}</head><body><article><h1>{title}</h1>{body}</article></body></html>"
    return page.encode()
