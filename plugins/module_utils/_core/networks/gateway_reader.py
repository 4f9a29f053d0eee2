# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From `gateways` of a network, and what a member says of its own way to the internet, to their types.

Rules of this file: those of the reader of the whole declaration; members are not looked up here.
"""

from __future__ import annotations

from typing import Any, Callable

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import (
    FWMARK,
    ROUTE_METHODS,
    Gateway,
    GatewayUse,
    NameServers,
    Split,
    Statistics,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declared_values import (
    parse_name_on_any_platform,
    parse_network,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import FAMILIES
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.option_values import (
    parse_absolute_path,
    parse_address,
    parse_country,
    parse_domain,
    parse_line,
    parse_source,
    whole_number,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.option_words import (
    DEFAULT_REFRESH,
    DEFAULT_SHRINK_LIMIT,
    ONLY,
    SPLIT_MODES,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.plain_data import (
    Fields,
    boolean,
    choice,
    text,
)

GATEWAY_KEYS = frozenset(
    {
        "masquerade",
        "out_interface",
        "snat",
        "families",
        "clamp_mss",
        "proxy_arp",
        "proxy_ndp",
        "serve_dns",
    }
)
USE_KEYS = frozenset({"via", "method", "kill_switch", "keep"})
SPLIT_KEYS = frozenset({"mode", "prefixes", "files", "rir", "refresh", "shrink_limit"})
STATISTICS_KEYS = frozenset({"source", "countries", "families"})
NAME_SERVER_KEYS = frozenset({"servers", "domains"})

AUTO = "auto"
_ALL_FAMILIES = tuple(FAMILIES)


def read_gateway(name: str, fields: Fields) -> Gateway:
    """Read one gateway and all problems of form."""
    fields.refuse_unknown(GATEWAY_KEYS)
    snat = tuple(fields.many("snat", parse_address))
    if len(snat) != len({":" in address for address in snat}):
        fields.wrong("snat", "has two addresses of one family")
    if snat and fields.get("masquerade") is True:
        fields.wrong("masquerade", "contradicts snat: the addresses of snat take its place")
    return Gateway(
        name=name,
        masquerade=fields.one("masquerade", boolean, True),
        out_interface=fields.one("out_interface", parse_name_on_any_platform, AUTO),
        snat=snat,
        families=_families(fields),
        clamp_mss=fields.one("clamp_mss", boolean, True),
        proxy_arp=tuple(fields.many("proxy_arp", parse_name_on_any_platform)),
        proxy_ndp=tuple(fields.many("proxy_ndp", parse_name_on_any_platform)),
        serve_dns=fields.one("serve_dns", boolean, False),
    )


def read_gateway_use(member: Fields) -> GatewayUse | None:
    """Read `gateway` of a member: a name, or a name and how."""
    value = member.get("gateway")
    if value is None:
        return None
    if isinstance(value, str) and value:
        return GatewayUse(value)
    if not isinstance(value, dict):
        member.wrong("gateway", "must be the name of a gateway, or a dictionary with via")
        return None
    fields = member.mapping("gateway")
    fields.refuse_unknown(USE_KEYS)
    if not fields.given("via"):
        fields.wrong("via", "is missing: the gateway's name")
        return None
    return GatewayUse(
        via=fields.one("via", text, ""),
        method=fields.one("method", choice(*ROUTE_METHODS), FWMARK),
        kill_switch=fields.one("kill_switch", boolean, False),
        keep=tuple(fields.many("keep", parse_network)),
    )


def read_split(member: Fields) -> Split | None:
    """Read `split` of a member."""
    if not member.given("split"):
        return None
    if not member.given("gateway"):
        member.wrong("split", "needs gateway beside it: through whom the split traffic goes")
    fields = member.mapping("split")
    fields.refuse_unknown(SPLIT_KEYS)
    if not fields.given("mode"):
        fields.wrong("mode", "is missing: {} goes through the gateway".format(" or ".join(SPLIT_MODES)))
    if not any(fields.get(key) for key in ("prefixes", "files", "rir")):
        fields.wrong_here("names no addresses: give prefixes, files or rir")
    return Split(
        mode=fields.one("mode", choice(*SPLIT_MODES), ONLY),
        prefixes=tuple(fields.many("prefixes", parse_network)),
        files=tuple(fields.many("files", parse_absolute_path)),
        rir=tuple(_statistics(each) for each in fields.dictionaries("rir")),
        refresh=fields.one("refresh", parse_line, DEFAULT_REFRESH),
        shrink_limit=fields.one("shrink_limit", whole_number(0, 100), DEFAULT_SHRINK_LIMIT),
    )


def read_name_servers(member: Fields) -> tuple[NameServers, ...]:
    """Read `dns` of a member."""
    return tuple(_name_servers(each) for each in member.dictionaries("dns"))


def _name_servers(fields: Fields) -> NameServers:
    fields.refuse_unknown(NAME_SERVER_KEYS)
    if not fields.get("servers"):
        fields.wrong("servers", "is missing: the addresses of the name servers")
    return NameServers(
        servers=tuple(fields.many("servers", parse_address)),
        domains=tuple(fields.many("domains", parse_domain)),
    )


def _statistics(fields: Fields) -> Statistics:
    fields.refuse_unknown(STATISTICS_KEYS)
    for key in ("source", "countries"):
        if not fields.get(key):
            fields.wrong(key, "is missing")
    return Statistics(
        source=fields.one("source", parse_source, ""),
        countries=tuple(fields.many("countries", parse_country)),
        families=_families(fields),
    )


def _families(fields: Fields) -> tuple[str, ...]:
    if not fields.given("families"):
        return _ALL_FAMILIES
    given = set(fields.many("families", _one_of_all))
    if not given and fields.get("families") == []:
        fields.wrong("families", "is empty")
    return tuple(family for family in _ALL_FAMILIES if family in given)


_one_of_all: Callable[[Any], str] = choice(*_ALL_FAMILIES)
