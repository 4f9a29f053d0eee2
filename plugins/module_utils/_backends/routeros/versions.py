# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which release of RouterOS knows which property of WireGuard: one table.

Rules of this file: pure data and look-up. A row says under which name a property goes over the wire, and from and
before which release. Sources: the console's own schema of 7.9 to 7.24, MikroTik's manual and changelogs; renamed in
7.17: `is-responder`, which newer releases refuse as an unknown parameter.
"""

from __future__ import annotations

import re
from typing import Iterator, NamedTuple, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import DeviceError

# Every peer, interface and print of the first release with WireGuard.
OLDEST = (7, 1)
SHOW_SENSITIVE = (7, 21)  # print hides secrets without it
DYNAMIC_PEERS = (7, 13)  # peers that the router itself makes are told from others
NAMED_PEERS = (7, 15)  # before, the label of a peer is its comment


class UnsupportedRelease(DeviceError):
    """The router runs a RouterOS that has no WireGuard."""


class Release(NamedTuple):
    """A release of RouterOS. A pre-release counts as the release that it leads to."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


class Field(NamedTuple):
    """A property (`option`) and its name over the wire, from release `since` and before release `before`."""

    option: str
    wire: str
    since: tuple[int, int] = OLDEST
    before: tuple[int, int] = (99, 0)


INTERFACE_FIELDS = (
    Field("comment", "comment"),
    Field("vrf", "vrf", (7, 21)),
)
PEER_FIELDS = (
    Field("comment", "comment", NAMED_PEERS),
    Field("enabled", "disabled"),
    Field("responder", "is-responder", (7, 15), (7, 17)),
    Field("responder", "responder", (7, 17)),
    Field("private_key", "private-key", (7, 12)),
    Field("client_address", "client-address", (7, 12)),
    Field("client_dns", "client-dns", (7, 12)),
    Field("client_endpoint", "client-endpoint", (7, 12)),
    Field("client_keepalive", "client-keepalive", (7, 12)),
    Field("client_listen_port", "client-listen-port", (7, 12)),
    Field("client_allowed_address", "client-allowed-address", (7, 21)),
)


def parse_release(text: str) -> Release:
    """Parse `7.16.1 (stable)` or `7.24rc4 (testing)`. Raises UnsupportedRelease where it has no WireGuard."""
    found = re.match(r"([0-9]+)\.([0-9]+)", text)
    release = Release(int(found[1]), int(found[2])) if found else Release(0, 0)
    if release < OLDEST:
        raise UnsupportedRelease(
            f"the router runs RouterOS {text or '(unknown)'}, which has no WireGuard: 7.1 or newer has"
        )
    return release


def known_fields(table: Sequence[Field], release: Release) -> Iterator[Field]:
    """Give the rows that hold for a release."""
    return (field for field in table if field.since <= release < field.before)


def first_release(table: Sequence[Field], option: str) -> str:
    """Give the first release that knows a property, for messages."""
    return "{}.{}".format(*min(field.since for field in table if field.option == option))
