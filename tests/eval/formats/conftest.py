"""Sets written out in the tests."""

import gzip
import json

import pytest


@pytest.fixture
def lay(tmp_path):
    """`lay(name, content) -> Path`: writes a file below the test's folder.

    A list is written as JSON lines, a dict as JSON, a string or bytes as it is; a name that ends with `.gz` is packed.
    """

    def write(name, content):
        if isinstance(content, list):
            content = "".join(json.dumps(row) + "\n" for row in content)
        elif isinstance(content, dict):
            content = json.dumps(content)
        data = content.encode() if isinstance(content, str) else content
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress(data, mtime=0) if name.endswith(".gz") else data)
        return path

    return write
