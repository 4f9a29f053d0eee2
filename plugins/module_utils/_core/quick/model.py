# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a wg-quick file says, as a value.

Rules of this file: every key of wg(8) and wg-quick(8) has a field. None is "the file does not say". Where the format
can be empty, an empty list and an absent key mean the same to the tools, so both are the empty tuple. The order of the
file is kept, because it decides which of two peers gets an allowed IP.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    Endpoint,
    InterfaceAddress,
    Prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
    PresharedKey,
    PrivateKey,
    PublicKey,
)


class AllowedIp(NamedTuple):
    """An entry of AllowedIPs: `sign` is empty, `+` (add to what the peer has) or `-` (take away)."""

    prefix: Prefix
    sign: str = ""

    def __str__(self) -> str:
        return self.sign + str(self.prefix)


@dataclass(frozen=True)
class QuickPeer:
    """One [Peer] section. `name` comes from a comment line `# Name = …`."""

    public_key: PublicKey
    preshared_key: PresharedKey | None = None
    allowed_ips: tuple[AllowedIp, ...] = ()
    endpoint: Endpoint | None = None
    persistent_keepalive: int | None = None  # seconds, 0 is off
    name: str | None = None


@dataclass(frozen=True)
class QuickConfig:
    """A whole file. The fields below `peers` are of wg-quick alone, wg(8) does not know them."""

    private_key: PrivateKey | None = None
    listen_port: int | None = None
    fwmark: int | None = None  # 0 is off
    peers: tuple[QuickPeer, ...] = ()
    addresses: tuple[InterfaceAddress, ...] = ()
    dns: tuple[str, ...] = ()  # addresses of servers
    dns_search: tuple[str, ...] = ()
    mtu: int | None = None
    table: int | str | None = None  # a number, `auto`, `off` or a name of the host
    pre_up: tuple[str, ...] = ()
    post_up: tuple[str, ...] = ()
    pre_down: tuple[str, ...] = ()
    post_down: tuple[str, ...] = ()
    save_config: bool | None = None
