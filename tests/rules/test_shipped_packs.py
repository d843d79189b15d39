"""The shipped packs say exactly what the manual says."""

from __future__ import annotations

from datetime import time

import pytest

from calsync.model import Channel
from calsync.rules.check import check_templates
from calsync.rules.drafts import draft_of, title_of, words_for
from calsync.rules.load import available, load_packs, shipped_dir
from calsync.rules.match import Facts
from calsync.rules.schema import Pack, Rule
from calsync.timing.spans import Span
from tests_rules_facts import facts  # type: ignore[import-not-found]
