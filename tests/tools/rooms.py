# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture of the house: its rooms, each above those that it may import, as the contract of imports has them.

Rules of this file: which rooms there are and which is above which comes from `.importlinter`; what a room is for is in
one table here.
"""

from __future__ import annotations

import configparser

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import CHECKOUT
from ansible_collections.wgfleet.wireguard.tests.tools.drawing import Drawing, Word

CONTRACT = CHECKOUT / ".importlinter"
WIDTH, MARGIN, GAP, ROW = 760, 24, 12, 48

PURPOSES = {
    "modules": "documentation, a main",
    "action": "the controller's side",
    "filter": "the core, offered",
    "lookup": "preshared keys",
    "plugin_utils": "files and keys on the controller, plain data at the door",
    "_module": "arguments, the flow, the report: all that knows AnsibleModule",
    "linux": "netlink, UAPI, files, nftables",
    "routeros": "rows, versions, the API",
    "clients": "files of devices",
    "gateway": "needs, packet filter",
    "networks": "declaration to host",
    "split": "sets of prefixes",
    "interface": "model, planner, steps",
    "quick": "the format of wg-quick",
    "values": "addresses, keys, options",
    "errors": "what can be wrong, and where",
}


def layers(contract: str) -> list[list[str]]:
    """Give the rooms of a contract of layers, the upper ones first."""
    parser = configparser.ConfigParser()
    parser.read(CONTRACT, encoding="utf-8")
    lines = parser[f"importlinter:contract:{contract}"]["layers"].strip().splitlines()
    return [[room.strip().strip("()").rpartition(".")[2] for room in line.split("|")] for line in lines]


def backends() -> list[str]:
    """Give the backends, which know nothing of each other."""
    parser = configparser.ConfigParser()
    parser.read(CONTRACT, encoding="utf-8")
    return [
        line.rpartition(".")[2]
        for line in parser["importlinter:contract:backends-know-no-siblings"]["modules"].strip().splitlines()
    ]


def rooms() -> Drawing:
    """Draw the house."""
    house, core = layers("layers"), layers("rooms-of-the-core")
    height = 2 * MARGIN + 30 + len(house) * (ROW + 20) + 40 + len(core) * (ROW + GAP) + 40
    drawing = Drawing(
        WIDTH, height, "The rooms of the house, and which may import which",
        "From above: " + "; ".join(" and ".join(row) for row in house) + ". Within _core: "
        + "; ".join(" and ".join(row) for row in core) + ". Each may import what is below it.",
    )  # fmt: skip
    drawing.text(
        MARGIN, 34, Word("Each room may import what is below it, and nothing beside or above it.", "faint small")
    )
    top = 50.0
    for row in house:
        inside = {"_core": core, "_backends": [backends()]}.get(row[0], [])
        if inside:
            tall = 32 + len(inside) * (ROW + GAP)
            drawing.box(MARGIN, top, WIDTH - 2 * MARGIN, tall, "box")
            drawing.text(MARGIN + 14, top + 21, Word(row[0], "text title"))
            drawing.text(MARGIN + 110, top + 21, Word(AROUND[row[0]], "faint small"))
            for number, inner in enumerate(inside):
                floor(drawing, inner, top + 30 + number * (ROW + GAP), MARGIN + GAP, KINDS[row[0]])
        else:
            tall = ROW
            floor(drawing, row, top, MARGIN, "box")
        if row is not house[-1]:
            drawing.line(WIDTH / 2, top + tall, WIDTH / 2, top + tall + 20, "line", "end")
        top += tall + 20
    drawing.height = int(top + 4)
    return drawing


AROUND = {
    "_backends": "contract: read, adapt, apply, close; no Ansible, no siblings",
    "_core": "pure: standard library only; no input or output, no clock, no chance",
}
KINDS = {"_backends": "router", "_core": "ours"}


def floor(drawing: Drawing, names: list[str], top: float, left: float, kind: str) -> None:
    """Draw rooms side by side."""
    wide = (WIDTH - 2 * left - GAP * (len(names) - 1)) / len(names)
    for number, name in enumerate(names):
        x = left + number * (wide + GAP)
        drawing.box(x, top, wide, ROW, kind, Word(name, "text title"), Word(PURPOSES[name], "faint small"))
