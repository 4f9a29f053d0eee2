# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is: the observed state of one WireGuard interface, in the same words for every backend.

Rules of this file: observed state is total, every field has a value; what a device hides (RouterOS prints `*****`) is
HIDDEN, which never differs from anything. An interface that does not exist is `absent(name)`: planning against nothing
and planning against something are one thing. Where a device keeps what hung on an interface that is gone, that is
observed of the absent one: its routes, addresses and peers are what is left over. Types are plain and cheap: a host can
have tens of thousands of peers.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import FrozenSet, Hashable, Mapping, NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    Endpoint,
    InterfaceAddress,
    Prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
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
RUNNING = "running"  # a property that is only observed: whether a device that tells it has its port, and works


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


class UplinkRoute(NamedTuple):
    """A route that does not lead through the interface: a default route of the host, or one of ours along its way."""

    destination: Prefix
    device: str
    gateway: str = ""  # empty: what is there is on the link
    table: int = MAIN_TABLE
    metric: int = 0  # 0 is the system's default
    source: str = ""  # the address that new packets get
    onlink: bool = False
    protocol: int = 0  # who made it; 0 is us
    metrics: tuple[tuple[str, int], ...] = ()  # such as its MTU


class KillSwitch(NamedTuple):
    """Nothing leaves the host in clear but what goes to `keep`; packets with the mark are encrypted.

    `altered` is observed only: it is ours, and is not as we made it.
    """

    fwmark: int
    keep: frozenset[Prefix] = frozenset()
    altered: bool = False


@dataclass(frozen=True)
class Redirection:
    """All that stands on a host so that its default traffic goes through the interface."""

    routes: frozenset[Route] = frozenset()  # through the interface
    rules: frozenset[Rule] = frozenset()
    fwmark: int = 0  # of the interface, where it had none before
    detours: frozenset[UplinkRoute] = frozenset()  # routes of ours beside the interface
    displaced: frozenset[UplinkRoute] = frozenset()  # default routes of the host that are taken away meanwhile
    switches: frozenset[str] = frozenset()  # switches of the kernel that were off before, in the names of sysctl(8)
    kill_switch: KillSwitch | None = None


# Of a file without a secret. systemd complains of units that not everyone may read: it tells them to everyone anyway.
PUBLIC_MODE = 0o644


class File(NamedTuple):
    """A file that we keep on the host: its content, or, for a symbolic link, where it leads.

    Whoever may read it is in `mode`; what holds no secret is open to all where the programs that read it want that.
    `foreign` and `idle` are observed only: the file stands where ours shall stand, and someone else wrote it; it is a
    unit that is not started, since a run of ours was stopped before it told systemd, or someone else has stopped it.
    """

    content: SecretText
    link: bool = False
    owner: str = "root"
    mode: int = 0o600
    foreign: bool = False
    idle: bool = False

    @classmethod
    def of_text(cls, text: str, mode: int = 0o600, owner: str = "root") -> File:
        """Give the file that has a text."""
        return cls(SecretText(text.encode()), owner=owner, mode=mode)

    @classmethod
    def link_to(cls, path: str) -> File:
        """Give the symbolic link that leads to a path."""
        return cls(SecretText(path.encode()), link=True)


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
    # Ours that a device keeps though they are not in force, such as those that someone has disabled.
    idle_addresses: frozenset[InterfaceAddress] = frozenset()
    idle_routes: frozenset[Route] = frozenset()
    rules: frozenset[Rule] = frozenset()  # ours only
    peers: Mapping[PublicKey, Peer] = field(default_factory=dict)
    keyless_peers: int = 0  # peers without a public key, which some devices allow: nothing can name them
    persist: str = "none"
    files: Mapping[str, File] = field(default_factory=dict)
    implementation: str = ""  # kernel, userspace or routeros
    # Observed only: a run of ours has left its mark, a file or a comment. Without one it may still be ours, by its key.
    is_marked: bool = field(default=False, compare=False)
    # Observed only: why that which is up now would not come up at boot although it is kept, and what to do.
    boot_obstacle: str = field(default="", compare=False)
    properties: Properties = frozenset()
    # Of a redirection: what we wrote down of ours, and how much of that there is.
    recorded: Redirection = Redirection()
    detours: frozenset[UplinkRoute] = frozenset()
    displaced: frozenset[UplinkRoute] = frozenset()
    switches: frozenset[str] = frozenset()
    shared_switches: frozenset[str] = frozenset()  # those that another interface needs, too
    kill_switch: KillSwitch | None = None


def absent(name: str) -> Interface:
    """Give the state of an interface that does not exist."""
    return Interface(name=name, exists=False)
