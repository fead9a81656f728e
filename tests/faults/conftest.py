"""What the tests of faults share: a tracer of system calls, or the reason why there is none here."""

import pytest
from points import Tracer, Unavailable


@pytest.fixture(scope="module")
def tracer():
    try:
        with Tracer() as tracer:
            yield tracer
    except Unavailable as reason:
        pytest.skip(str(reason))
