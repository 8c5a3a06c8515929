"""The application: the addresses of the reading room, and what answers where there is no page."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.convertors import Convertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from web.guard import HEADERS, Guard
from web.interface import LOCALES
from web.pages import articles, captured, outlets, search, stories
from web.visit import Room, language_of, refusal, stylesheet

_FOREVER = "public, max-age=31536000, immutable"


class _Language(Convertor[str]):
    """A language of the interface, as the first part of an address."""

    regex = "|".join(LOCALES)

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


def application(room: Room) -> Starlette:
    """The reading room over an archive, as an ASGI application."""
    register_url_convertor("language", _Language())
    pages = {
        "/": search.home,
        "/search": search.results,
        "/timeline": search.timeline,
        "/stories": stories.listed,
        "/story/{id}": stories.story,
        "/article/{id}": articles.article,
        "/article/{id}/changes": articles.differences,
        "/article/{id}/page": captured.archived,
        "/article/{id}/page/{at}": captured.page,
        "/article/{id}/page/{at}/source": captured.source,
        "/outlets": outlets.listed,
        "/outlet/{name}": outlets.outlet,
    }
    routes = [Route("/", _entrance), Route("/favicon.ico", _nothing), Route("/static/{version}/style.css", _style)]
    routes += [Route("/{language:language}" + path, page) for path, page in pages.items()]
    made = Starlette(
        routes=routes,
        middleware=[Middleware(Guard, refuse=_refused)],
        exception_handlers={HTTPException: _missing, Exception: _failed},
    )
    made.router.redirect_slashes = False
    made.state.room = room
    return made


async def _entrance(request: Request) -> Response:
    return RedirectResponse(f"/{language_of(request)}/", 302, {"Vary": "Accept-Language"})


async def _nothing(request: Request) -> Response:
    return Response(status_code=204)


async def _style(request: Request) -> Response:
    address, content = stylesheet()
    headers = {"Cache-Control": _FOREVER} if request.scope["path"] == address else {}
    return Response(content, media_type="text/css", headers=headers)


async def _refused(request: Request, status: int, key: str) -> Response:
    return await run_in_threadpool(refusal, request, status, key)


async def _missing(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return await _refused(request, error.status_code, "problem.path")


async def _failed(request: Request, error: Exception) -> Response:
    # Starlette answers a fault outside of all middleware.
    answer = await _refused(request, 500, "problem.fault")
    answer.headers.update(HEADERS)
    return answer
