"""The text of a new pack: one that loads, and explains itself line by line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from calsync.errors import UsageError
from calsync.rules.layers import available, layers_of, merged, unknown
from calsync.rules.toml_text import literal

SCHEMA_FILE = "pack.schema.json"
SCHEMA_LINE = f"#:schema ./{SCHEMA_FILE}"
"""How taplo, and the editors that use it, find the grammar of a pack; see docs/rules.md."""

_WHOLE = """\
{schema}
# {name}: what this pack is for. Lines that begin with # are comments.
# Every key is explained in docs/rules.md; calsync rules check {name} looks at this file.

summary = "Whom this pack is for, in one sentence"

# A rule says for which meetings it is meant. The first rule that holds decides, in the order
# of the packs in config.toml.
[[rule]]
id = "first-meeting" # never change an id: what you did and dismissed is remembered by it
summary = "A first meeting that I mark with #{tag}"
# All conditions must hold; a list means any of its values. Others: role, mine, domain, title,
# calendar, duration, place, recurring, all_day, depth.
when = {{ meeting = "first", group = "1..6", tags = "{tag}" }}

  # A step is one touch. A rule may have several.
  [[rule.step]]
  id = "hello"
  after = "1 working day"    # counted from the day of the meeting
  window = "3 working days"  # the last day on which it still makes sense
  channel = "email"          # email, message, call, video, coffee, lunch, meeting, visit, card, gift
  at = "09:00-11:00"         # left out: your working hours
  days = "working"           # "any" lets it fall on weekends and holidays too
  unless = ["met"]           # needless once you met again; "booked": also while a meeting is coming
  title = "Email {{{{ people }}}}: good to meet you"
  message = "hello"          # a draft, below

[message.hello]
subject = "Good to meet you"
body = \"\"\"
Hello {{{{ first_names }}}},

it was good to meet you on {{{{ date }}}}. I would be glad to stay in touch.

{{{{ me }}}}
\"\"\"
"""

_EXTENDING = """\
{schema}
# {name}: builds on the pack "{extends}". Only what differs stands here; rules and steps are
# found by their id. calsync rules show {name} shows the whole.

extends = "{extends}"
summary = {summary}
{example}
"""

_EXAMPLE = """
# To change a value, take the # away and write your own:
#
# [[rule]]
# id = "{rule}"
#
#   [[rule.step]]
#   id = "{step}"
#   {key} = {value}"""


def check_name(name: str, extends: str | None, user_dir: Path) -> None:
    """Raise UsageError for a name that no pack can have, or a pack to extend that is not there."""
    if not re.fullmatch(r"[a-z0-9-]{1,60}", name):
        example = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60]
        hint = f'; did you mean "{example}"?' if example else ""
        raise UsageError(f"a pack is called by small letters, digits and hyphens, not {name!r}{hint}")
    known = available(user_dir)
    if extends is not None and extends not in known:
        raise UsageError(unknown(extends, known))
    if extends is None and name in known:
        raise UsageError(
            f"there is a pack {name} already, which would be replaced",
            f"To change some of it: calsync rules new {name} --extends {name}",
        )


def starter(name: str, extends: str | None, user_dir: Path) -> str:
    """The text of a new pack, whole or on top of another one. It loads as it stands."""
    if extends is None:
        return _WHOLE.format(schema=SCHEMA_LINE, name=name, tag=name)
    data = merged(layers_of(extends, user_dir))
    summary = literal(str(data.get("summary") or f"{extends}, my way"))
    example = _example(data)
    return _EXTENDING.format(schema=SCHEMA_LINE, name=name, extends=extends, summary=summary, example=example)


def _example(data: Mapping[str, object]) -> str:
    rules = data.get("rule")
    for rule in rules if isinstance(rules, list) else []:
        for step in rule.get("step", []):
            return _EXAMPLE.format(rule=rule["id"], step=step["id"], key="after", value=literal(step["after"]))
    return ""
