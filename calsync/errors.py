"""One tree of errors a person can meet, each with its exit code and the next step.

They are caught in one place, the command line's entry; nothing else prints them.
"""

from __future__ import annotations


class CalsyncError(Exception):
    """Something the user can act on. ``remedy`` is the next step, in one sentence."""

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


class UsageError(CalsyncError):
    """The command's words are off: nobody or several found, a bad time, an unknown id."""

    exit_code = 2


class SourceError(CalsyncError):
    """A source could not be read whole; its meetings stay as last seen."""

    exit_code = 3


class OutputError(CalsyncError):
    """An output could not be written; what is in it stays."""

    exit_code = 3


class ConfigError(CalsyncError):
    """The config or a pack has problems; all of them are in ``problems``."""

    exit_code = 10

    def __init__(self, problems: list[str], remedy: str = "") -> None:
        super().__init__("\n".join(problems), remedy)
        self.problems = problems


class SignInError(CalsyncError):
    """A calendar wants the user to sign in again."""

    exit_code = 11


class BrakeError(CalsyncError):
    """A sync would start follow-ups for more people than the brake allows."""

    exit_code = 12


class BusyError(CalsyncError):
    """Another run is active."""

    exit_code = 13
