# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is: the observed state of one WireGuard interface, in the same words for every backend.

Rules of this file: observed state is total, every field has a value; what a device hides (RouterOS prints `*****`) is
HIDDEN, which never differs from anything. An interface that does not exist is `absent(name)`: planning against nothing
and planning against something are one thing. Types are plain and cheap: a host can have tens of thousands of peers.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import FrozenSet, Hashable, Mapping, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.addresses import (
    Endpoint,
    InterfaceAddress,
    Prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.keys import (
    PresharedKey,
    PrivateKey,
    PublicKey,
    SecretText,
)

MAIN_TABLE = 254
DEFAULT_MTU = 1420  # of a new WireGuard interface on every system: 1500 - 80 bytes of outer IPv6, UDP and WireGuard


class Hidden(enum.Enum):
    """The device has a value and does not tell it."""

    HIDDEN = "hidden"


HIDDEN = Hidden.HIDDEN


class Property(NamedTuple):
    """One thing that only some kinds of device keep; `properties` tells which there are."""

    name: str
    value: Hashable


Properties = FrozenSet[Property]


class Peer(NamedTuple):
    """One peer of an interface. Identity: the interface and the public key; `name` is a label."""

    public_key: PublicKey
    preshared_key: PresharedKey | Hidden | None = None
    # The endpoint as it was last declared; where nothing remembers a declaration, the one in use.
    endpoint: Endpoint | None = None
    allowed_ips: frozenset[Prefix] = frozenset()
    persistent_keepalive: int = 0  # seconds, 0 is off
    name: str = ""
    # Statistics; never compared.
    current_endpoint: Endpoint | None = None
    last_handshake: float = 0.0  # seconds since 1970, 0 is never
    rx_bytes: int = 0
    tx_bytes: int = 0
    properties: Properties = frozenset()


class Route(NamedTuple):
    """A route that leads through the interface. `metric` 0 is the system's default."""

    destination: Prefix
    table: int = MAIN_TABLE
    metric: int = 0


class Rule(NamedTuple):
    """A policy rule of one address family. `fwmark` 0 and a missing prefix match everything."""

    version: int  # 4 or 6
    priority: int
    table: int
    fwmark: int = 0
    invert: bool = False  # matches what the selectors do not
    source: Prefix | None = None
    destination: Prefix | None = None
    suppress_prefixlength: int | None = None


class File(NamedTuple):
    """A file that we keep on the host: its content, or, for a symbolic link, where it leads.

    `foreign` is observed only: the file stands where ours shall stand, and someone else wrote it.
    """

    content: SecretText
    link: bool = False
    owner: str = "root"
    foreign: bool = False


@dataclass(frozen=True)
class Interface:
    """One WireGuard interface with all that surrounds it on its host."""

    name: str
    exists: bool = True
    private_key: PrivateKey | Hidden | None = None
    public_key: PublicKey | None = None
    listen_port: int = 0
    fwmark: int = 0
    mtu: int = 0  # bytes
    up: bool = False
    addresses: frozenset[InterfaceAddress] = frozenset()
    routes: frozenset[Route] = frozenset()  # ours only: they carry our mark
    rules: frozenset[Rule] = frozenset()  # ours only
    peers: Mapping[PublicKey, Peer] = field(default_factory=dict)
    persist: str = "none"
    files: Mapping[str, File] = field(default_factory=dict)
    implementation: str = ""  # kernel, userspace or routeros
    properties: Properties = frozenset()


def absent(name: str) -> Interface:
    """Give the state of an interface that does not exist."""
    return Interface(name=name, exists=False)
