"""A Google Calendar on this machine, for the tests: what it takes and gives comes from Google's own document.

The library that calsync talks through carries that document (``calendar.v3.json``). So a request that Google
does not know is refused here as well, and an answer that Google could not give fails the test.
"""

from tests.google_server.document import Refused
from tests.google_server.faults import Call
from tests.google_server.server import GoogleServer
from tests.google_server.stored import StoredCalendar

__all__ = ["Call", "GoogleServer", "Refused", "StoredCalendar"]
