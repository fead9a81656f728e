"""Checks of a gate as JUnit XML, which continuous integration shows. Knows nothing of files."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from .gating import State
from .summary import check_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .gating import Check

#: What XML 1.0 has no way to write (section 2.2).
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(checks: Sequence[Check], *, suite: str = "assay eval") -> str:
    """Return `checks` as one test suite, a test case each; what cannot be written is `�`. A miss that may be luck passes, and says so."""
    failed = sum(check.state is State.FAILED for check in checks)
    counts = {"tests": str(len(checks)), "failures": str(failed), "errors": "0", "skipped": "0"}
    root = ET.Element("testsuites", counts)
    group = ET.SubElement(root, "testsuite", {"name": _written(suite), **counts})
    for check in checks:
        case = ET.SubElement(group, "testcase", {"classname": _written(suite), "name": _written(str(check.demand))})
        if check.state is State.FAILED:
            ET.SubElement(case, "failure", {"type": check.demand.bound.value, "message": _written(check_line(check))})
        else:
            ET.SubElement(case, "system-out").text = _written(check_line(check))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _written(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
