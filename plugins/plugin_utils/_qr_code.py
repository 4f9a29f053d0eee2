# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""QR codes, drawn by segno.

Rules of this file: the same text always gives the same bytes. A drawing of a secret is a secret. The error correction
is the lowest, made better where that costs no space: a screen is not damaged, and more cameras read small codes.
"""

from __future__ import annotations

import io
from typing import Any

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    InvalidValue,
    MissingLibrary,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import SecretText

try:
    import segno
except ImportError:
    segno = None  # type: ignore[assignment]  # asked for where it is used

LARGEST = 2953  # bytes; ISO/IEC 18004, table 7, version 40-L in byte mode
_SCALE = 6  # pixels, or units, for each module


def draw(drawing: Any, kind: str) -> SecretText:
    """Give a code as an image, `png` or `svg`."""
    image = io.BytesIO()
    drawing.save(image, kind=kind, scale=_SCALE, light="#fff")
    return SecretText(image.getvalue())


def terminal_lines(drawing: Any) -> list[str]:
    """Give a code as lines of blocks for a terminal with a dark background."""
    lines = io.StringIO()
    drawing.terminal(lines, compact=True)
    return lines.getvalue().splitlines()


def code(text: SecretText) -> Any:
    """Give segno's code of a text. Raises InvalidValue for a text that is too long, and MissingLibrary."""
    if segno is None:
        raise MissingLibrary("segno is missing on the controller, and draws the QR codes: run pip install segno there")
    if len(text.raw) > LARGEST:
        raise InvalidValue(f"has {len(text.raw)} bytes, and a QR code holds {LARGEST}")
    # In bytes: segno then chooses no other encoding than the file has.
    return segno.make_qr(text.raw, error="l", mode="byte")
