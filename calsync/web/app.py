"""The application that ``calsync serve`` runs: which address leads where."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from sqlite3 import OperationalError
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from calsync.config import Config
from calsync.errors import CalsyncError
from calsync.ledger.ledger import Ledger
from calsync.web.answering import ask, present, reminder_of, take
from calsync.web.desk_pages import DeskPages
from calsync.web.feed_door import FeedDoor
from calsync.web.feeds import Feeds
from calsync.web.guard import Guard, Guesses, TooLarge, TooSlow, form, host_names
from calsync.web.people_pages import PeoplePages
from calsync.web.rendering import SCRIPT_PATH, STYLE_PATH, icon, page, script, style, word
from calsync.web.rules_pages import RulesPages
from calsync.web.session import Doorkeeper

Endpoint = Callable[[Request], Awaitable[Response]]


def application(config: Config, door: Doorkeeper, address: str, *, host: str = "") -> ASGIApp:
    """The whole application; ``address`` is how it is reached, ``host`` where it listens."""
    guesses, told = Guesses(), (config, door, address)
    desk, people, rules = DeskPages(*told), PeoplePages(*told), RulesPages(*told)

    def refused(request: Request) -> Response:
        client = request.client.host if request.client else ""
        if guesses.too_many(client):
            return PlainTextResponse("Too many wrong addresses.\n", 429, {"Retry-After": "60"})
        guesses.wrong(client)
        return _nothing_here()

    def asked(request: Request) -> Response:
        told = request.path_params
        with Ledger(config.ledger) as ledger:
            found = reminder_of(ledger, told["ticket"])
            if not isinstance(found, str):
                return found or refused(request)
            back = request.query_params.get("back", "")
            return ask(config, ledger, told["ticket"], found, told.get("action", ""), back)

    async def answered(request: Request) -> Response:
        sent = await form(request)
        return await run_in_threadpool(answered_with, request, sent)

    def answered_with(request: Request, sent: dict[str, str]) -> Response:
        shown = request.path_params["ticket"]
        with Ledger(config.ledger) as ledger:
            found = reminder_of(ledger, shown)
            if not isinstance(found, str):
                return found or refused(request)
            return take(config, ledger, shown, found, sent)

    def behind(show: Callable[[Request, str, Ledger], Response]) -> Callable[[Request], Response]:
        """A page that is shown to those alone who have signed in."""

        def shown(request: Request) -> Response:
            session = door.session(request, present())
            if not session:
                return RedirectResponse("/login", 303)
            with Ledger(config.ledger) as ledger:
                return show(request, session, ledger)

        return shown

    def login(request: Request) -> Response:
        return _login(door, key=request.query_params.get("key", "")[:100])

    async def sign_in(request: Request) -> Response:
        sent, client = await form(request), request.client.host if request.client else ""
        if guesses.too_many(client):
            return _login(door, wrong="Too many wrong passwords: wait a minute.", status=429)
        if door.takes_key(sent.get("key", "")) or door.takes_password(sent.get("password", "")):
            return door.let_in(RedirectResponse("/", 303), present())
        guesses.wrong(client)
        wrong = "That is not the password." if "password" in sent else "That link was used already, or is an old one."
        return _login(door, wrong=wrong, status=403)

    def sent_by(take_it: Callable[[Request, str, Ledger, dict[str, str]], Response]) -> Endpoint:
        """What a form of the page asks for, of the session that it was shown to."""

        def taken(request: Request, session: str, sent: dict[str, str]) -> Response:
            with Ledger(config.ledger) as ledger:
                return take_it(request, session, ledger, sent)

        async def sent(request: Request) -> Response:
            told, session = await form(request), door.session(request, present())
            if not door.sent_it(session, told.get("key", "")):
                return _not_yours()
            return await run_in_threadpool(taken, request, session, told)

        return sent

    async def log_out(request: Request) -> Response:
        sent = await form(request)
        if not door.sent_it(door.session(request, present()), sent.get("key", "")):
            return _not_yours()
        return door.show_out(RedirectResponse("/login", 303))

    app = Starlette(
        routes=[
            Route("/a/{ticket}", asked, methods=["GET"]),
            Route("/a/{ticket}", answered, methods=["POST"]),
            Route("/a/{ticket}/{action}", asked, methods=["GET"]),
            Route("/", behind(desk.today)),
            Route("/reminder", behind(desk.reminder)),
            Route("/week", behind(desk.week)),
            Route("/held", behind(desk.held)),
            Route("/people", behind(people.people)),
            Route("/person", behind(people.person)),
            Route("/rules", behind(rules.rules)),
            Route("/rules/try", behind(rules.trying), methods=["GET"]),
            Route("/rules/try", sent_by(rules.attempt), methods=["POST"]),
            Route("/health", behind(desk.health)),
            Route("/login", login, methods=["GET"]),
            Route("/login", sign_in, methods=["POST"]),
            Route("/say", sent_by(people.say), methods=["POST"]),
            Route("/logout", log_out, methods=["POST"]),
            Route(STYLE_PATH, style),
            Route(SCRIPT_PATH, script),
            Route("/icon.svg", icon),
        ],
        exception_handlers={
            404: lambda _request, _error: _nothing_here(),
            TooSlow: lambda _request, _error: PlainTextResponse("Too slow.\n", 408, {"Connection": "close"}),
            TooLarge: lambda _request, _error: PlainTextResponse("Too large.\n", 413),
            OperationalError: lambda _request, _error: _busy(),
            CalsyncError: lambda _request, _error: _trouble(),
            500: lambda _request, _error: PlainTextResponse("Something went wrong.\n", 500),
        },
    )
    app.router.redirect_slashes = False
    own = urlsplit(config.serve.base_url)
    return Guard(FeedDoor(app, Feeds(config), guesses), host_names(own.hostname or "", host), own.path)


def _login(door: Doorkeeper, *, key: str = "", wrong: str = "", status: int = 200) -> Response:
    return page("login", status, key=key, wrong=wrong, password=door.wants_password)


def _not_yours() -> Response:
    return word("Sign in again", "This form is not of your present session. Nothing was changed.", 403)


def _busy() -> Response:
    text = "A sync is writing just now. Nothing was changed: try again in a minute."
    response = word("One moment", text, 503)
    response.headers["Retry-After"] = "60"
    return response


def _trouble() -> Response:
    return word("calsync needs attention", "Nothing was changed. Type calsync doctor: it says what is wrong.", 503)


def _nothing_here() -> Response:
    return PlainTextResponse("Nothing here.\n", 404)
