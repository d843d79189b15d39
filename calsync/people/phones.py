"""Telephone numbers as people write them, and as a telephone dials them.

Cards and people write the same number in many ways. What is kept is what can be dialled:
digits, a ``+`` before an international number, and an extension. A country code is never
made up: a number written without one stays without, and works where its writer dials it.
"""

from __future__ import annotations

import re

_EXTENSION = re.compile(r"(?:;ext=|[\s,;]+ext(?:ension|n)?\b\.?:?|\s*x\.?|\s*#)\s*([0-9]{1,7})\s*$", re.IGNORECASE)
# Blanks of all kinds, and what stands between the groups of a number in one country or another.
_BETWEEN = re.compile(r"[\s\u00ad\u200e\u200f\u202a-\u202e\u2066-\u2069().\-\u2010-\u2015/·]+")
_LEAST, _MOST = 3, 15


def dialled(text: str) -> str:
    """The number as RFC 3966 writes it behind ``tel:``, such as ``+442079460123;ext=12``.

    Raises ValueError, saying what was expected, for what cannot be dialled: letters, too
    few digits, or more than the 15 that E.164 allows.
    """
    number = re.sub(r"^(?:tel|callto):", "", text.strip(), flags=re.IGNORECASE)
    extension = ""
    if match := _EXTENSION.search(number):
        number, extension = number[: match.start()], f";ext={match[1]}"
    number = number.partition(";")[0]
    if number.lstrip("( ").startswith("+"):
        # The trunk zero of "+44 (0)20" is dialled only without the country code.
        number = re.sub(r"\(\s*0\s*\)", "", number)
    bare = _BETWEEN.sub("", number)
    digits = bare.removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and _LEAST <= len(digits) <= _MOST):
        raise ValueError(f'expected a telephone number such as "+44 20 7946 0123", not {text!r}')
    return bare + extension
