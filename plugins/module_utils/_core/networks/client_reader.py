# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From `clients` of a network, as plain data, to clients.

Rules of this file: those of the reader of the whole declaration; `via` is not looked up here.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import (
    FULL,
    PLATFORMS,
    PROFILES,
    SPLIT,
    Client,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declared_values import (
    parse_mtu,
    parse_network,
    parse_own_private_key,
    parse_public_key,
    tunnel_address,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.days import parse_day
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.option_values import (
    parse_address,
    parse_domain,
    parse_keepalive,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.plain_data import Fields, choice, text

CLIENT_KEYS = frozenset(
    {
        "via",
        "profile",
        "networks",
        "dns",
        "search",
        "keepalive",
        "mtu",
        "address",
        "expires",
        "public_key",
        "private_key",
        "platform",
    }
)

# Becomes the name of files, and a comment in the configuration of servers.
_CLIENT_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+-]{0,62}")
_NO_NAME = "is no name of a client: letters, digits and _ . @ + - only, 63 at most"


class ClientDefaults(NamedTuple):
    """What a network's clients have in common when they say nothing else."""

    pools: tuple[Prefix, ...]
    keepalive: int
    mtu: int | None


def name_problem(name: str) -> str:
    """Say what is wrong with a client's name; nothing where it is good."""
    return "" if _CLIENT_NAME.fullmatch(name) else _NO_NAME


def read_client(name: str, fields: Fields, defaults: ClientDefaults) -> Client:
    """Read one client and all problems of form."""
    fields.refuse_unknown(CLIENT_KEYS)
    if name_problem(name):
        fields.wrong_here(name_problem(name))
    if not fields.get("via"):
        fields.wrong("via", "is missing: the members that serve this client, the first of them for all others")
    profile = fields.one("profile", choice(*PROFILES), SPLIT)
    if profile == FULL and fields.given("networks"):
        fields.wrong("networks", "contradicts profile: full, which sends everything through the tunnel")
    if fields.get("networks") == []:
        fields.wrong("networks", "is empty: leave it out for all that the servers reach")
    return Client(
        name=name,
        via=tuple(fields.many("via", text)),
        profile=profile,
        networks=tuple(fields.many("networks", parse_network)),
        dns=tuple(fields.many("dns", parse_address)),
        search=tuple(fields.many("search", parse_domain)),
        keepalive=fields.one("keepalive", parse_keepalive, defaults.keepalive),
        mtu=fields.one("mtu", parse_mtu, defaults.mtu),
        addresses=tuple(fields.many("address", tunnel_address(defaults.pools))) if fields.given("address") else None,
        expires=fields.one("expires", parse_day, None),
        public_key=fields.one("public_key", parse_public_key, None),
        private_key=fields.one("private_key", parse_own_private_key, None),
        platform=fields.one("platform", choice(*PLATFORMS), PLATFORMS[0]),
    )
