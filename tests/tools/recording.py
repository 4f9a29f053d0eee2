# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A picture of a terminal in which the demo has run, made of what a run has printed.

Rules of this file: no line is invented, left out of a chapter or changed. The picture is of one run; each further run
of the demo has to print the same, but for what it measures.

    recording.py draw FILE     make the picture of what `./dev demo` has printed into a file
    recording.py judge FILE    compare the picture with it, and the time that it took with what the quickstart promises
"""

from __future__ import annotations

import re
import sys
import xml.etree.ElementTree
from pathlib import Path

from ansible_collections.wgfleet.wireguard.tests.tools.drawing import Drawing, Word
from ansible_collections.wgfleet.wireguard.tests.tools.pictures import IMAGES

PICTURE = IMAGES / "demo.svg"
PROMPT = "# ./dev demo"
# The chapters that the picture has, by how their titles begin.
CHAPTERS = ("One playbook builds", "The links", "The same playbook again", "office2 gets one more")
# What the quickstart promises of the demo, and of the lines that follow.
MOST_SECONDS = 300.0
# What is measured: numbers, addresses, times and sizes.
_MEASURED = re.compile(r"\d[\d.:]*( (s|min|h|B|KiB|MiB)\b)?")


def recorded(output: str) -> list[str]:
    """Give the lines of the picture out of the demo's output."""
    lines = [PROMPT]
    for chapter in output.split("\n== ")[1:]:
        if chapter.startswith(CHAPTERS):
            lines += ["", *(f"== {chapter}".rstrip().splitlines())]
    return [line.rstrip() for line in lines]


def shown() -> list[str]:
    """Read the lines back from the picture."""
    texts = xml.etree.ElementTree.parse(PICTURE).iter("{http://www.w3.org/2000/svg}text")  # noqa: S314 # a file of ours
    return [(text.text or "").rstrip() for text in texts]


def shape(lines: list[str]) -> list[str]:
    """Give lines without what is measured; blank lines are left out."""
    return [" ".join(_MEASURED.sub("#", line).split()) for line in lines if line.strip()]


def seconds(output: str) -> float:
    """Add up what the chapters of the demo took."""
    return sum(map(float, re.findall(r"^ +\(([\d.]+) s\)$", output, re.MULTILINE)))


def drawn(lines: list[str]) -> Drawing:
    """Draw the terminal."""
    height = 17
    drawing = Drawing(
        760, height * len(lines) + 34, "What ./dev demo prints",
        "A playbook builds tunnels between three sites, a table shows that all are up, a second run writes nothing, and"
        " a prefix is added while no packet is lost.",
    )  # fmt: skip
    for number, line in enumerate(lines):
        kind = "accent code title" if line.startswith("==") else "good code" if line == PROMPT else "text code"
        if line:
            drawing.text(20, 30 + height * number, Word(line, kind))
    return drawing


def main(arguments: list[str]) -> str | None:
    """Do as the command line says; give what is wrong."""
    command, file = arguments
    output = Path(file).read_text(encoding="utf-8")
    lines = recorded(output)
    if command == "draw":
        PICTURE.write_text(drawn(lines).svg(), encoding="utf-8")
        return None
    printed, pictured = shape(lines), shape(shown())
    if seconds(output) > MOST_SECONDS:
        return f"the demo took {seconds(output):.0f} s, and the quickstart promises that it takes no five minutes"
    if printed == pictured:
        return None
    new = [f"  printed   {line}" for line in printed if line not in pictured]
    old = [f"  pictured  {line}" for line in pictured if line not in printed]
    return "\n".join([f"the demo prints something else than {PICTURE.name} shows; draw it anew:", *new, *old])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
