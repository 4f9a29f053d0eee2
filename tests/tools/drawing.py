# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures as SVG: boxes, lines and words on a card of their own, in the colours that the reader's system has.

Rules of this file: a picture names itself and says in words what it shows, for those who do not see it; it needs no
font and no file beside it; a colour is chosen by what a thing is, in both schemes at once.
"""

from __future__ import annotations

from html import escape
from typing import NamedTuple

# What a thing is: its colours on a light card, and on a dark one.
_COLOURS = {
    "card": ("fill:#ffffff;stroke:#d0d7de", "fill:#0d1117;stroke:#30363d"),
    "box": ("fill:#f6f8fa;stroke:#6e7781", "fill:#161b22;stroke:#7d8590"),
    "ours": ("fill:#ddf4ff;stroke:#0969da", "fill:#0c2d6b;stroke:#4493f8"),
    "router": ("fill:#fbefff;stroke:#8250df", "fill:#2e1461;stroke:#ab7df8"),
    "sealed": ("fill:#fff1e5;stroke:#bc4c00", "fill:#3d1300;stroke:#f0883e"),
    "line": ("stroke:#57606a;fill:none", "stroke:#9198a1;fill:none"),
    "tunnel": ("stroke:#0969da;fill:none", "stroke:#4493f8;fill:none"),
    "text": ("fill:#1f2328", "fill:#e6edf3"),
    "faint": ("fill:#57606a", "fill:#9198a1"),
    "head": ("fill:#57606a", "fill:#9198a1"),
    "tunnelhead": ("fill:#0969da", "fill:#4493f8"),
    "accent": ("fill:#0550ae", "fill:#79c0ff"),
    "good": ("fill:#116329", "fill:#56d364"),
}
_SHAPES = (
    "text{font-family:sans-serif;font-size:14px}"
    ".code{font-family:monospace;font-size:12px}.small{font-size:12.5px}.title{font-weight:600}"
    ".card,.box,.ours,.router,.sealed{stroke-width:1.2}.line{stroke-width:1.4}.tunnel{stroke-width:3}"
    ".dashed{stroke-dasharray:6 5}"
)
_HEADS = (
    '<marker id="{0}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="{1}" markerHeight="{1}"'
    ' orient="auto-start-reverse"><path d="M0 0L10 5L0 10z" class="{0}"/></marker>'
)
LICENCE = "<!--\nSPDX-FileCopyrightText: 2026 wgfleet contributors\nSPDX-License-Identifier: GPL-3.0-or-later\n-->\n"


class Word(NamedTuple):
    """A line of text and what it is, such as `text title` or `faint code`."""

    text: str
    kind: str = "text"


class Drawing:
    """A picture that grows; positions are pixels from the upper left corner."""

    def __init__(self, width: int, height: int, title: str, description: str) -> None:
        self.width, self.height, self.title, self.description = width, height, title, description
        self.parts: list[str] = []

    def box(self, x: float, y: float, width: float, height: float, kind: str, *words: Word) -> None:
        """Draw a box with lines of text, centred."""
        self.parts.append(f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="8" class="{kind}"/>')
        step = 18
        top = y + height / 2 - step * (len(words) - 1) / 2 + 5
        for number, word in enumerate(words):
            self.text(x + width / 2, top + step * number, word, "middle")

    def text(self, x: float, y: float, word: Word, anchor: str = "start") -> None:
        """Write one line."""
        where = f'x="{x:g}" y="{y:g}" text-anchor="{anchor}"'
        self.parts.append(
            f'<text {where} class="{word.kind}" xml:space="preserve">{escape(word.text, quote=False)}</text>'
        )

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str = "line", ends: str = "") -> None:
        """Draw a line; `ends` says which have an arrow head, of `start end`."""
        head = "tunnelhead" if kind.startswith("tunnel") else "head"
        marks = "".join(f' marker-{end}="url(#{head})"' for end in ends.split())
        self.parts.append(f'<path d="M{x1:g} {y1:g}L{x2:g} {y2:g}" class="{kind}"{marks}/>')

    def svg(self) -> str:
        """Give the whole file."""
        light, dark = ("".join(f".{kind}{{{both[scheme]}}}" for kind, both in _COLOURS.items()) for scheme in (0, 1))
        size = f'viewBox="0 0 {self.width} {self.height}" width="{self.width}" height="{self.height}"'
        return (
            LICENCE
            + f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="t d">\n'
            + f'<title id="t">{escape(self.title)}</title>\n<desc id="d">{escape(self.description)}</desc>\n'
            + f"<style>{_SHAPES}\n{light}\n@media (prefers-color-scheme:dark){{{dark}}}</style>\n"
            + f"<defs>{_HEADS.format('head', 8)}{_HEADS.format('tunnelhead', 5)}</defs>\n"
            + f'<rect x="1" y="1" width="{self.width - 2}" height="{self.height - 2}" rx="10" class="card"/>\n'
            + "\n".join(self.parts)
            + "\n</svg>\n"
        )
