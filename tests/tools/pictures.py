# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures of the guides: the network of the demo, and the way of a packet through its gateway.

Rules of this file: names and addresses come from the demo's own declaration; what is not in it, such as the rules that
a packet meets, is listed in a table, which the demo compares with what it finds on the host.
"""

from __future__ import annotations

import textwrap
from typing import Any, NamedTuple

import yaml

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import CHECKOUT
from ansible_collections.wgfleet.wireguard.tests.tools.drawing import Drawing, Word
from ansible_collections.wgfleet.wireguard.tests.tools.rooms import rooms

IMAGES = CHECKOUT / "docs/docsite/images"
DECLARATION = CHECKOUT / "playbooks/demo_inventory/group_vars/all/wireguard.yml"

PHONE_WAN, GATEWAY, WEB = "192.168.60.1", "192.168.90.1", "203.0.113.80"
PHONE = "10.255.255.4"  # what the demo's registry gives to its one client


class Stop(NamedTuple):
    """One stop of a packet: where, its addresses there, whether it is sealed, what happens, and by which rules."""

    place: str
    addresses: str
    sealed: bool
    what: str
    rules: tuple[str, ...] = ()  # as `nft list table` spells them


# Each host's stops lie together.
STOPS = (
    Stop("alice-phone", f"{PHONE} → {WEB}", False, "A program sends a packet. The tunnel takes it."),
    Stop("alice-phone", f"{PHONE_WAN} → {GATEWAY}", True, "The tunnel seals it for office1: UDP, port 13231."),
    Stop(
        "office1", f"{PHONE_WAN} → {GATEWAY}", True, "Chain input lets the sealed packet in.",
        ("udp dport 13231 accept",),
    ),
    Stop("office1", f"{PHONE} → {WEB}", False, "wg0 opens it. Its sender has to be in the peer's allowed IPs."),
    Stop(
        "office1", f"{PHONE} → {WEB}", False, "Chain clamp keeps TCP to what fits, and forward lets it out.",
        (
            "tcp flags syn tcp option maxseg size set rt mtu",
            'iifname "wg0" oifname "wan" ip saddr 10.255.255.0/24 accept',
        ),
    ),
    Stop(
        "office1", f"{GATEWAY} → {WEB}", False, "Chain postrouting gives it the address of office1.",
        ('ip saddr 10.255.255.0/24 oifname "wan" masquerade',),
    ),
    Stop("the internet", f"{WEB} → {GATEWAY}", False, "The server sees office1, and answers it."),
    Stop(
        "office1", f"{WEB} → {PHONE}", False, "The answer gets its address back, and forward lets it in.",
        ('iifname "wan" oifname "wg0" ip daddr 10.255.255.0/24 ct state established,related accept',),
    ),
    Stop("office1", f"{GATEWAY} → {PHONE_WAN}", True, "wg0 finds the peer by its allowed IPs, and seals it."),
    Stop("alice-phone", f"{WEB} → {PHONE}", False, "The tunnel opens it. The program has its answer."),
)  # fmt: skip


def network() -> dict[str, Any]:
    """The network of the demo, as it is declared."""
    declared: dict[str, Any] = yaml.safe_load(DECLARATION.read_text(encoding="utf-8"))["wireguard_networks"]["corp"]
    return declared


def topology() -> Drawing:
    """Three sites, a phone and a server in the internet."""
    corp = network()
    members = corp["members"]
    drawing = Drawing(
        760, 420, "The network of the demo",
        "office1, office2 and branch are linked with each other by tunnels. branch is behind NAT, so it dials the other"
        " two. alice-phone has a tunnel to office1, and reaches the internet through it.",
    )  # fmt: skip

    def site(name: str) -> list[Word]:
        where = members[name].get("endpoint", "behind NAT, never dialled")
        return [Word(where, "faint small"), Word("LAN " + members[name]["routes"][0], "text code")]

    drawing.line(150, 74, 150, 140, "line dashed", "start end")
    drawing.line(270, 195, 490, 195, "tunnel", "start end")
    drawing.line(490, 315, 270, 225, "tunnel", "end")
    drawing.line(610, 290, 610, 250, "tunnel", "end")
    drawing.line(150, 310, 150, 250, "tunnel", "end")
    drawing.box(30, 24, 240, 50, "box", Word("the internet", "text title"), Word(f"such as {WEB}", "faint small"))
    drawing.box(
        30, 140, 240, 110, "ours", Word("office1", "text title"), Word("Linux, gateway", "text small"), *site("office1")
    )
    drawing.box(
        490, 140, 240, 110, "router", Word("office2", "text title"), Word("MikroTik RouterOS", "text small"),
        *site("office2"),
    )  # fmt: skip
    drawing.box(490, 290, 240, 100, "ours", Word("branch", "text title"), Word("Linux", "text small"), *site("branch"))
    drawing.box(
        30, 310, 240, 80, "box", Word("alice-phone", "text title"), Word("a client: it gets a file", "text small"),
        Word("and a QR code", "text small"),
    )  # fmt: skip
    drawing.text(164, 112, Word("out under the address of office1", "faint small"))
    drawing.text(380, 182, Word(f"tunnel {corp['interface']}", "accent title"), "middle")
    drawing.text(380, 216, Word(f"UDP port {corp['port']}", "faint small"), "middle")
    drawing.text(164, 286, Word("everything it sends", "faint small"))
    drawing.text(490, 48, Word(f"pool of the tunnel: {corp['pool'][0]}", "text small"))
    drawing.text(490, 68, Word("an arrow points to who is dialled", "faint small"))
    return drawing


def packet() -> Drawing:
    """A packet of the phone to a server in the internet, and the rules that it meets."""
    heights = [46 + 17 * max(0, len(wrapped(stop)) - 1) for stop in STOPS]
    drawing = Drawing(
        830, sum(heights) + 14 * len(STOPS) + 56, "The way of a packet through the gateway",
        " ".join(f"At {stop.place}, {stop.addresses}{', sealed' * stop.sealed}: {stop.what}" for stop in STOPS),
    )  # fmt: skip
    drawing.text(245, 32, Word("the packet", "faint small"), "middle")
    drawing.text(385, 32, Word("what happens to it", "faint small"))
    top, place, began = 46.0, "", 46.0
    for stop, height in zip(STOPS, heights, strict=True):
        if place and stop.place != place:
            lane(drawing, place, began, top - 14)
            began = top
        place = stop.place
        words = [Word(stop.addresses, "text code"), *([Word("sealed", "faint small")] if stop.sealed else [])]
        drawing.box(135, top, 220, height, "sealed" if stop.sealed else "box", *words)
        drawing.text(385, top + (18 if stop.rules else height / 2 + 4), Word(stop.what, "text small"))
        for number, line in enumerate(wrapped(stop)):
            drawing.text(385, top + 37 + 17 * number, Word(line, "accent code"))
        top += height + 14
        if stop is not STOPS[-1]:
            drawing.line(245, top - 14, 245, top, "line", "end")
    lane(drawing, place, began, top - 14)
    return drawing


def wrapped(stop: Stop) -> list[str]:
    """Give the rules of a stop in lines that fit."""
    return [line for rule in stop.rules for line in textwrap.wrap(rule, 54, subsequent_indent="    ")]


def lane(drawing: Drawing, place: str, top: float, bottom: float) -> None:
    """Say at whose place the stops between are."""
    drawing.line(118, top, 118, bottom, "tunnel" if place == "office1" else "line")
    drawing.text(108, (top + bottom) / 2 + 5, Word(place, "text title small"), "end")


def main() -> None:
    """Write all pictures."""
    IMAGES.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        (IMAGES / f"{name}.svg").write_text(draw().svg(), encoding="utf-8")


PICTURES = {"topology": topology, "packet": packet, "rooms": rooms}

if __name__ == "__main__":
    main()
