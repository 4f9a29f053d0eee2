# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What only some kinds of device keep of an interface or a peer: a comment, a VRF, the settings of a client.

Rules of this file: a property is a name and a hashable value that is equal where the meaning is equal. The planner
compares properties by name; one that is not named is left alone. An empty value is an explicit "none". A backend says
which of them its device knows.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Collection, Hashable, Mapping

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import HIDDEN, Properties
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    parse_host,
    parse_interface_address,
    parse_port,
    parse_prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PrivateKey
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.option_values import (
    parse_boolean,
    parse_keepalive,
    parse_label,
    parse_private_key,
)

Parse = Callable[[Any], Hashable]
_WORD = re.compile(r"[!-~]{1,64}")


def _many(parse: Callable[[str], Hashable]) -> Parse:
    def parse_list(value: Any) -> frozenset[Hashable]:
        if not isinstance(value, (list, tuple)):
            raise InvalidValue("is no list")
        return frozenset(parse(str(item)) for item in value)

    return parse_list


def _word(value: Any) -> str:
    if not _WORD.fullmatch(str(value)):
        raise InvalidValue("must be one word of ASCII characters")
    return str(value)


def _host_or_none(value: Any) -> str:
    return parse_host(str(value)) if value != "" else ""


def _key_or_none(value: Any) -> PrivateKey | None:
    return parse_private_key(value) if value != "" else None


INTERFACE_PROPERTIES: Mapping[str, Parse] = {"comment": parse_label, "vrf": _word}
PEER_PROPERTIES: Mapping[str, Parse] = {
    "comment": parse_label,
    "enabled": parse_boolean,
    "responder": parse_boolean,
    "private_key": _key_or_none,
    "client_address": _many(parse_interface_address),
    "client_dns": _many(parse_host),
    "client_endpoint": _host_or_none,
    "client_keepalive": parse_keepalive,
    "client_listen_port": parse_port,
    "client_allowed_address": _many(parse_prefix),
}


def differing(observed: Properties, desired: Properties) -> Properties:
    """Give those of the desired properties that are not as they are observed; a hidden one never differs."""
    if desired <= observed:
        return frozenset()
    known = dict(observed)
    return frozenset(each for each in desired if known.get(each.name) not in (each.value, HIDDEN))


def changed(observed: Properties, desired: Properties) -> Properties:
    """Give the observed properties with the desired ones in place of those of the same name."""
    names = {each.name for each in desired}
    return frozenset(each for each in observed if each.name not in names) | desired


def names_of(groups: Collection[Properties]) -> frozenset[str]:
    """Give the names of all properties in some groups."""
    return frozenset(each.name for group in groups for each in group)
