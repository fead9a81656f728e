"""The interfaces for programs, put together: their routes, what answers for addresses that are none, and the threads that work for them.

Knows nothing of the page.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from . import completions, rest
from .context import Context
from .errors import unknown

#: Everything that programs may call.
ROUTERS = (rest.router, rest.adding, rest.exporting, completions.router)


def join(app: FastAPI, context: Context) -> None:
    """Add the interfaces to an application, which must have been made with `lifespan`."""
    app.state.context = context
    app.state.routers = ROUTERS
    for router in (*ROUTERS, unknown(*ROUTERS)):
        app.include_router(router)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """End the threads of the interfaces with the server: they read an index that is closed after it."""
    yield
    app.state.context.close()
