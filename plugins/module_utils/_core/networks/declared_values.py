# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of a declaration, from what was written to what is meant.

Rules of this file: each parser takes one value and raises InvalidValue; none repeats a secret.
"""

from __future__ import annotations

from typing import Any, Callable

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    Endpoint,
    InterfaceAddress,
    Prefix,
    parse_endpoint,
    parse_interface_address,
    parse_prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
    PrivateKey,
    PublicKey,
    decode_key,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.option_values import (
    parse_interface_name,
    whole_number,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.plain_data import text
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.router_names import (
    parse_router_interface_name,
)

parse_port = whole_number(1, 65535)
parse_mtu = whole_number(68, 65535)


def parse_public_key(value: Any) -> PublicKey:
    return decode_key(text(value), PublicKey)


def parse_own_private_key(value: Any) -> PrivateKey:
    # As it was written, so that it is found where someone took it for a public key.
    return decode_key(text(value), PrivateKey)


def parse_network(value: Any) -> Prefix:
    """Parse a prefix, of which host bits would be a slip."""
    prefix = parse_prefix(text(value))
    if parse_interface_address(value).packed != prefix.packed:
        raise InvalidValue(f"is an address in a network: write {prefix} for the network, or the address without /")
    return prefix


def parse_pool(value: Any) -> Prefix:
    prefix = parse_network(value)
    if prefix.length == 0:
        raise InvalidValue("is the whole internet, not a pool")
    return prefix


def endpoint(port: int) -> Callable[[Any], Endpoint]:
    return lambda value: parse_endpoint(text(value), port)


def tunnel_address(pools: tuple[Prefix, ...]) -> Callable[[Any], InterfaceAddress]:
    def parse(value: Any) -> InterfaceAddress:
        address = parse_interface_address(text(value))
        if "/" in value:
            return address
        # A bare address is as long as its pool: nobody who writes 10.0.0.2 beside a /24 means a network of one.
        lengths = (pool.length for pool in pools if pool.contains(address.host))
        return address._replace(length=next(lengths, address.length))

    return parse


def parse_name_on_any_platform(value: Any) -> str:
    """Parse the name of an interface that a device brings. Which device that is, is not known here."""
    name = text(value)
    try:
        return parse_interface_name(name)
    except InvalidValue:
        return parse_router_interface_name(name)
