# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Of which kinds the parts of a split tunnel on a Linux host are, and what steps with them are as files and in words.

Rules of this file: pure. A file's content is text, byte for byte.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.split.units import UNITS
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import PUBLIC_MODE, File
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import (
    FileStep,
    RemoveFile,
    WriteFile,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.split.parts import DropPart, PartStep, PutPart
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import SecretText

# In the order in which they are put; they go the other way round.
FILE, LINK, SWITCH, ROUTE, RULE, TABLE, TIMER = "file", "link", "switch", "route", "rule", "table", "timer"
SERVICE, NAMES = "service", "name_servers"
KINDS = (FILE, LINK, SWITCH, ROUTE, RULE, TABLE, TIMER, SERVICE, NAMES)
_BYTES = "latin-1"


def text_of(content: bytes) -> str:
    """Give the content of a file as the text of a part."""
    return content.decode(_BYTES)


def file_step(step: PartStep) -> FileStep:
    """Give what a step with a file or a link does on the disk."""
    if isinstance(step, DropPart):
        return RemoveFile(step.key.name)
    mode = PUBLIC_MODE if step.key.name.startswith(UNITS) and step.key.kind == FILE else 0o600
    return WriteFile(step.key.name, File(SecretText(step.content.encode(_BYTES)), step.key.kind == LINK, mode=mode))


def runs_program(step: PartStep) -> bool:
    """Tell whether a step waits for our program to end, which waits for the lock."""
    return isinstance(step, PutPart) and step.key.kind == SERVICE


def step_words(step: PartStep) -> dict[str, Any]:
    """Give a step as a dictionary: `do`, and what it does it to; of a set the size only."""
    verb = "put" if isinstance(step, PutPart) else "remove"
    words: dict[str, Any] = {"do": f"{verb}_{step.key.kind}", "name": step.key.name}
    if isinstance(step, PutPart) and step.key.kind == TABLE:
        words["lines"] = step.content.count("\n")
    elif isinstance(step, PutPart) and step.key.kind == SWITCH:
        words["value"] = int(step.content)
    return words
