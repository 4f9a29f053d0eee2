# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A wg-quick file as plain data, both ways.

Rules of this file: the names are WireGuard's words in snake_case, as the options of the modules have them; what the
file does not say is not in the data; `quick_config(quick_options(config)) == config`. The data holds the secrets of
the file, so it is for those who asked for it.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Callable, Mapping

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.quick import values
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.quick.model import QuickConfig, QuickPeer
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Endpoint, parse_host
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
    PresharedKey,
    PrivateKey,
    PublicKey,
    Secret,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.plain_data import (
    Fields,
    boolean,
    number_or_text,
)

Parse = Callable[[str], Any]

_INTERFACE: Mapping[str, Parse] = {
    "private_key": values.key_parser(PrivateKey),
    "listen_port": values.parse_port,
    "fwmark": values.parse_fwmark,
    "mtu": values.parse_mtu,
    "table": values.parse_table,
}
_INTERFACE_LISTS: Mapping[str, Parse] = {
    "addresses": values.parse_address,
    "dns": values.parse_dns,
    "dns_search": values.parse_dns,
    "pre_up": values.parse_hook,
    "post_up": values.parse_hook,
    "pre_down": values.parse_hook,
    "post_down": values.parse_hook,
}
_PEER: Mapping[str, Parse] = {
    "public_key": values.key_parser(PublicKey),
    "preshared_key": values.key_parser(PresharedKey),
    "persistent_keepalive": values.parse_keepalive,
    "name": values.parse_name,
}
_INTERFACE_KEYS = frozenset((*_INTERFACE, *_INTERFACE_LISTS, "save_config", "peers"))
_PEER_KEYS = frozenset((*_PEER, "allowed_ips", "endpoint_host", "endpoint_port"))


def quick_config(data: Any) -> QuickConfig:
    """Read plain data. Raises InvalidInput with all problems."""
    problems: list[Problem] = []
    fields = Fields.of(data, "", problems)
    fields.refuse_unknown(_INTERFACE_KEYS)
    config = QuickConfig(
        **_singles(fields, _INTERFACE),
        **_lists(fields, _INTERFACE_LISTS),
        save_config=fields.one("save_config", boolean, None),
        peers=tuple(_peer(peer) for peer in fields.dictionaries("peers")),
    )
    if problems:
        raise InvalidInput(problems)
    return config


def _peer(fields: Fields) -> QuickPeer:
    fields.refuse_unknown(_PEER_KEYS)
    if not fields.given("public_key"):
        fields.wrong("public_key", "is missing")
    host = fields.one("endpoint_host", _of_text(parse_host), "") if fields.get("endpoint_host") else ""
    port = fields.one("endpoint_port", _of_text(values.parse_port), 0)
    if bool(host) != bool(port):
        fields.wrong("endpoint_port" if host else "endpoint_host", "is missing: an endpoint is a host and a port")
    return QuickPeer(
        **_singles(fields, _PEER),
        allowed_ips=tuple(fields.many("allowed_ips", _of_text(values.parse_allowed_ip))),
        endpoint=Endpoint(host, port) if host else None,
    )


def _singles(fields: Fields, parsers: Mapping[str, Parse]) -> dict[str, Any]:
    return {key: fields.one(key, _of_text(parse), None) for key, parse in parsers.items()}


def _lists(fields: Fields, parsers: Mapping[str, Parse]) -> dict[str, Any]:
    return {key: tuple(fields.many(key, _of_text(parse))) for key, parse in parsers.items()}


def _of_text(parse: Parse) -> Callable[[Any], Any]:
    return lambda value: parse(number_or_text(value))


def quick_options(config: QuickConfig) -> dict[str, Any]:
    """Give the plain data of a file, its secrets included."""
    return {**_plain_fields(config, "peers"), "peers": [_peer_options(peer) for peer in config.peers]}


def _peer_options(peer: QuickPeer) -> dict[str, Any]:
    options = _plain_fields(peer, "endpoint")
    if peer.endpoint is not None:
        options.update(endpoint_host=peer.endpoint.host, endpoint_port=peer.endpoint.port)
    return options


def _plain_fields(item: QuickConfig | QuickPeer, without: str) -> dict[str, Any]:
    content = {field.name: getattr(item, field.name) for field in dataclasses.fields(item) if field.name != without}
    return {name: _plain(value) for name, value in content.items() if value not in (None, ())}


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return [_plain(item) for item in value]
    return value if isinstance(value, (int, str)) else str(value)
