# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones of firewalld for tunnels that are in none, so that a policy can ask through which interface a packet came.

Rules of this file: no I/O. An interface that someone has put into a zone stays there. What is in no zone is treated as
the default zone says, and goes on being so: a zone of ours has all that the default zone has, but for its interfaces
and senders. Users share the zone of an interface, since an interface has one.
"""

from __future__ import annotations

import hashlib
import re
from typing import Mapping
from xml.etree import ElementTree

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.foreign_chains import TAG

DIRECTORY = "/etc/firewalld/zones"
CONFIGURATION = "/etc/firewalld/firewalld.conf"
PLACES = (DIRECTORY, "/usr/lib/firewalld/zones")  # in this order, firewalld.zones(5)
_DEFAULT = re.compile(r"^\s*DefaultZone\s*=\s*(\S+)", re.MULTILINE)
_FALLBACK = "public"  # firewalld.conf(5)
# Nothing is forwarded between interfaces that are in no zone, so that "forward" would let more through than before.
_LEFT_OUT = ("short", "description", "interface", "source", "forward")
_OURS = "wgf-"
_INTERFACE = re.compile(r"<interface\s+name=[\"']([^\"']+)[\"']")


def zone_of(interface: str) -> str:
    """Give the name of the zone of ours for an interface; firewalld allows 17 characters."""
    return f"{_OURS}{hashlib.sha256(f'zone {interface}'.encode()).hexdigest()[:12]}"


def zone_path(interface: str) -> str:
    """Give the path of its file."""
    return f"{DIRECTORY}/{zone_of(interface)}.xml"


def is_name_of_ours(zone: str) -> bool:
    """Tell whether a zone has a name that only we give."""
    return zone.startswith(_OURS)


def is_zone_of_ours(text: str) -> bool:
    """Tell whether a file in firewalld's directory is a zone of ours."""
    return f"<short>{TAG}" in text


def default_zone(configuration: str) -> str:
    """Give the name of the default zone, out of the text of firewalld.conf."""
    found = _DEFAULT.search(configuration)
    return found[1] if found else _FALLBACK


def interfaces_in(texts: Mapping[str, str]) -> dict[str, str]:
    """Give the zone of each interface that files put into one. `texts` has the files by the names of their zones."""
    return {interface: zone for zone, text in texts.items() for interface in _INTERFACE.findall(text)}


def render_zone(interface: str, default: str) -> str:
    """Give the file of the zone for an interface. `default` is the text of the default zone, "" where it has none."""
    zone = _parsed(default)
    for child in [each for each in zone if each.tag in _LEFT_OUT]:
        zone.remove(child)
    own = [ElementTree.Element("short"), ElementTree.Element("description")]
    own[0].text = TAG + interface
    own[1].text = "Managed by wgfleet.wireguard: changes made here are lost."
    rows = [*own, ElementTree.Element("interface", {"name": interface}), *zone]
    head = "".join(f' {name}="{value}"' for name, value in zone.attrib.items())
    lines = [ElementTree.tostring(each, encoding="unicode").strip() for each in rows]
    return "\n".join(['<?xml version="1.0" encoding="utf-8"?>', f"<zone{head}>", *(f"  {line}" for line in lines)]) + (
        "\n</zone>\n"
    )


def _parsed(text: str) -> ElementTree.Element:
    try:
        return ElementTree.fromstring(text)  # noqa: S314 # the host's own file, which only root can write
    except ElementTree.ParseError:  # which firewalld does not load either
        return ElementTree.Element("zone")
