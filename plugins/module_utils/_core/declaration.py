# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user declares: networks and their members, with every default filled in.

Rules of this file: order is the declared order; a member that has no endpoint cannot be dialled; nothing here was
looked up on a host.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, Mapping, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.addresses import (
    Endpoint,
    InterfaceAddress,
    Prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.keys import PrivateKey, PublicKey
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.model import DEFAULT_MTU

ROOT = "wireguard_networks"
DEFAULT_PORT = 51820
DEFAULT_PERSIST = "wg_quick"
DEFAULT_KEEPALIVE = 25  # seconds; wg(8), "PersistentKeepalive", names it as a sensible value for most NATs

MESH = "mesh"
HUB_SPOKE = "hub_spoke"
LINKS = "links"
TOPOLOGIES = (MESH, HUB_SPOKE, LINKS)

# Turns a private key into its public half; handed in, because curve arithmetic is no business of the core.
Derive = Callable[[PrivateKey], PublicKey]


class Member(NamedTuple):
    """One end of a network: a host of the inventory, or an outsider that nobody here configures."""

    name: str
    interface: str
    port: int
    external: bool = False
    endpoint: Endpoint | None = None  # None: cannot be dialled
    routes: tuple[Prefix, ...] = ()  # the prefixes behind it
    # What was declared: None leaves all to the pool, an empty list is "no tunnel address".
    addresses: tuple[InterfaceAddress, ...] | None = None
    keepalive: int = DEFAULT_KEEPALIVE  # seconds, what this member sends where it cannot be dialled
    mtu: int = DEFAULT_MTU  # bytes
    own_mtu: bool = False  # the MTU is the member's own, not the network's
    public_key: PublicKey | None = None
    private_key: PrivateKey | None = None

    @property
    def dialable(self) -> bool:
        """Tell whether others can open a connection to it."""
        return self.endpoint is not None


@dataclass(frozen=True)
class Network:
    """One network: which members there are, who is linked to whom, and what all share."""

    name: str
    pools: tuple[Prefix, ...]
    members: Mapping[str, Member]
    topology: str = MESH
    links: tuple[tuple[str, str], ...] = field(default=())
    hub: str = ""
    relay: str = ""  # carries traffic between members of which neither can dial the other
    persist: str = DEFAULT_PERSIST

    @property
    def place(self) -> str:
        """Give the place of this network, for problems."""
        return f"{ROOT}.{self.name}"

    def member_place(self, name: str) -> str:
        """Give the place of a member, for problems."""
        return f"{self.place}.members.{name}"


# By name, in the declared order.
Declaration = Mapping[str, Network]


def declared_key(member: Member, derive: Derive | None) -> PublicKey | None:
    """Give the public key that the user supplied, also by way of the private one."""
    if member.public_key is not None or member.private_key is None or derive is None:
        return member.public_key
    return derive(member.private_key)
