# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user declares: networks, their members and clients, with every default filled in.

Rules of this file: order is the declared order; a member that has no endpoint cannot be dialled; a client is a device
that nobody here configures, whose first server carries it for all others; nothing here was looked up on a host.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Callable, Mapping, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import DEFAULT_MTU
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    FAMILIES,
    Endpoint,
    InterfaceAddress,
    Prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.days import Day
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PrivateKey, PublicKey
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.option_words import (
    ALL_FIREWALLS,
    DEFAULT_REFRESH,
    DEFAULT_SHRINK_LIMIT,
)

ROOT = "wireguard_networks"
DEFAULT_PORT = 51820
DEFAULT_PERSIST = "wg_quick"
DEFAULT_KEEPALIVE = 25  # seconds; wg(8), "PersistentKeepalive", names it as a sensible value for most NATs

MESH = "mesh"
HUB_SPOKE = "hub_spoke"
LINKS = "links"
TOPOLOGIES = (MESH, HUB_SPOKE, LINKS)

NO_PSK, PER_PAIR = "none", "per_pair"
PSK_KINDS = (NO_PSK, PER_PAIR)
DEFAULT_EPOCH = 1
DEFAULT_RESERVATION = 90  # days

FULL, SPLIT = "full", "split"
PROFILES = (SPLIT, FULL)
PLATFORMS = ("generic", "mobile", "windows", "macos", "linux", "routeros")

FWMARK = "fwmark"
ROUTE_METHODS = (FWMARK, "rule", "halves", "replace")

# Turns a private key into its public half; handed in, because curve arithmetic is no business of the core.
Derive = Callable[[PrivateKey], PublicKey]


class Gateway(NamedTuple):
    """How a member lets others out to the internet."""

    name: str
    masquerade: bool = True
    out_interface: str = "auto"
    snat: tuple[str, ...] = ()  # addresses that take the place of masquerading, at most one of each family
    families: tuple[str, ...] = tuple(FAMILIES)
    clamp_mss: bool = True
    proxy_arp: tuple[str, ...] = ()  # interfaces on which it answers for tunnel addresses
    proxy_ndp: tuple[str, ...] = ()
    serve_dns: bool = False


class GatewayUse(NamedTuple):
    """How a member reaches the internet through another one."""

    via: str
    method: str = FWMARK
    kill_switch: bool = False
    keep: tuple[Prefix, ...] = ()  # what goes past it all the same


class Statistics(NamedTuple):
    """Countries and families out of a file of delegated statistics, by its path or URL."""

    source: str
    countries: tuple[str, ...]
    families: tuple[str, ...] = tuple(FAMILIES)


class Split(NamedTuple):
    """What alone goes through the gateway, or all but what."""

    mode: str
    prefixes: tuple[Prefix, ...] = ()
    files: tuple[str, ...] = ()
    rir: tuple[Statistics, ...] = ()
    refresh: str = DEFAULT_REFRESH
    shrink_limit: int = DEFAULT_SHRINK_LIMIT  # percent


class NameServers(NamedTuple):
    """Servers that are asked for these domains; without domains, for every name."""

    servers: tuple[str, ...]
    domains: tuple[str, ...] = ()


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
    gateway: GatewayUse | None = None
    split: Split | None = None
    dns: tuple[NameServers, ...] = ()
    host_access: bool = False  # what comes out of the tunnel may reach the host itself
    firewall: str = ALL_FIREWALLS  # which ones on it are told what has to be open

    @property
    def dialable(self) -> bool:
        """Tell whether others can open a connection to it."""
        return self.endpoint is not None


class Client(NamedTuple):
    """A device that Ansible does not manage, and what its configuration shall say."""

    name: str
    via: tuple[str, ...]  # its servers; the first one carries it for all others
    profile: str = SPLIT
    networks: tuple[Prefix, ...] = ()  # with `split`: these alone; none is all that its servers reach
    dns: tuple[str, ...] = ()
    search: tuple[str, ...] = ()
    keepalive: int = DEFAULT_KEEPALIVE  # seconds
    mtu: int | None = None  # bytes; None leaves it to the device
    addresses: tuple[InterfaceAddress, ...] | None = None  # None leaves all to the pool
    expires: Day | None = None  # the last day on which it has peers
    public_key: PublicKey | None = None
    private_key: PrivateKey | None = None
    platform: str = PLATFORMS[0]

    def expired(self, today: Day) -> bool:
        """Tell whether its last day is over."""
        return self.expires is not None and today > self.expires


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
    psk: str = NO_PSK
    psk_epoch: int = DEFAULT_EPOCH
    client_reservation: int = DEFAULT_RESERVATION  # days for which the address of a client that left is kept
    gateways: Mapping[str, Gateway] = field(default_factory=dict)
    clients: Mapping[str, Client] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Give the place of this network, for problems."""
        return f"{ROOT}.{self.name}"

    def member_place(self, name: str) -> str:
        """Give the place of a member, for problems."""
        return f"{self.place}.members.{name}"

    def client_place(self, name: str) -> str:
        """Give the place of a client, for problems."""
        return f"{self.place}.clients.{name}"


# By name, in the declared order.
Declaration = Mapping[str, Network]


def declared_key(member: Member | Client, derive: Derive | None) -> PublicKey | None:
    """Give the public key that the user supplied, also by way of the private one."""
    if member.public_key is not None or member.private_key is None or derive is None:
        return member.public_key
    return derive(member.private_key)
