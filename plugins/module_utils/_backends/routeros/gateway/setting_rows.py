# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of a router that a gateway needs: where each is printed, and how a note says what it was.

Rules of this file: no input or output. A note is the comment of a rule that does nothing.
"""

from __future__ import annotations

import re
from typing import Dict, Iterator, Mapping, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.gateway.filter_rows import note_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.settings import Note, Setting

Row = Dict[str, str]

# A family that is forwarded, and the DNS server that answers others; MikroTik manual, "IP Settings", "DNS".
FORWARDING = {"ipv4": Setting("/ip/settings", "ip-forward"), "ipv6": Setting("/ipv6/settings", "forward")}
DNS = Setting("/ip/dns", "allow-remote-requests")
ON = "true"
# Interfaces that may face a LAN; MikroTik manual, "ARP", "Proxy ARP".
ARP_MENUS = {"ether": "/interface/ethernet", "bridge": "/interface/bridge", "vlan": "/interface/vlan"}
_ARP, PROXY_ARP, _NORMAL_ARP = "arp", "proxy-arp", "enabled"
_NOTE = re.compile(r"(?P<menu>\S+) (?P<name>[^\s=]+)=(?P<value>\S+) was (?P<before>\S+)(?: of (?P<row>.+))?")


def arp_of(interface: str, kind: str) -> Setting:
    """Give the setting of an interface that makes it answer for others."""
    return Setting(ARP_MENUS[kind], _ARP, interface)


def decode_values(printed: Mapping[str, Sequence[Row]]) -> dict[Setting, str]:
    """Give the values of all settings out of the rows of their menus."""
    values = {
        setting: row.get(setting.name, "")
        for setting in (*FORWARDING.values(), DNS)
        for row in printed.get(setting.menu, ())
    }
    for kind, menu in ARP_MENUS.items():
        for row in printed.get(menu, ()):
            values[arp_of(row.get("name", ""), kind)] = row.get(_ARP, _NORMAL_ARP)
    return values


def decode_notes(rules: Sequence[Row]) -> dict[Note, str]:
    """Give the notes among the rules of the filter, and their ids."""
    return {note: row[".id"] for row in rules for note in _notes(row)}


def _notes(row: Row) -> Iterator[Note]:
    user, text = note_of(row)
    found = _NOTE.fullmatch(text)
    if found:
        setting = Setting(found["menu"], found["name"], found["row"] or "")
        yield Note(user, setting, found["value"], found["before"])


def note_text(note: Note) -> str:
    """Say a note."""
    place = f" of {note.setting.row}" if note.setting.row else ""
    return f"{note.setting.menu} {note.setting.name}={note.value} was {note.before}{place}"
