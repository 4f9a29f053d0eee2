# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What firewalld is told: policies of ours, each a file, with rules for packets between zones; and what runs of them.

Rules of this file: no I/O. The rules of a policy know addresses and ports, and zones for interfaces. Which interface is
in which zone is the administrator's. One that is in none gets a zone of ours where packets are let in from it, so that
nobody else can pretend to be behind it; where packets are only let out to it, it stands for all. What firewalld has
made of a policy is read where it counts: in its table of nftables. It lets answers through by itself.
"""

from __future__ import annotations

import hashlib
import re
from html import escape  # and not xml.sax.saxutils, which imports urllib.request: 25 ms of every module call
from typing import Any, Iterable, Iterator, Mapping, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.firewalld_zones import (
    is_name_of_ours,
    zone_of,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.foreign_chains import TAG
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.nft_chains import TableName
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.nft_rules import tests_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.rule_tests import (
    IN_INTERFACE,
    STATE,
    wanted_opening,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import (
    FORWARD,
    INPUT,
    FilterRule,
    Handle,
    Opening,
)

FIREWALL = "firewalld"
TABLE = TableName("inet", "firewalld")
DIRECTORY = "/etc/firewalld/policies"
_ANY, _HOST = "ANY", "HOST"  # firewalld's words for all zones, and for the host itself
_CHAINS = {"filter_IN_policy_{0}_allow": INPUT, "filter_FWD_policy_{0}_allow": FORWARD}
_ZONES, _ZONE = "filter_INPUT_ZONES", "filter_IN_"
_ZONES_OF_POLICY = re.compile(r'<(?:in|e)gress-zone name="([^"]*)"')


def policy_path(user: str, firewall: str) -> str:
    """Give the path of the file of one of a user's policies. `firewall` is what its openings carry."""
    # firewalld allows 17 characters, into which names of users and zones do not fit.
    return f"{DIRECTORY}/wgf-{hashlib.sha256(f'{user} {firewall}'.encode()).hexdigest()[:12]}.xml"


def is_policy_of(user: str, text: str) -> bool:
    """Tell whether a file in firewalld's directory is one of a user's."""
    return _short(user) in text


def zones_of(objects: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Give the zone of each interface that is in one, from a listing of the whole ruleset."""
    found = {}
    for rule in _rules(objects):
        goto = next((each["goto"] for each in rule.get("expr", ()) if "goto" in each), None)
        for test in tests_of(rule.get("expr", ())):
            if rule["chain"] == _ZONES and goto and test.field == IN_INTERFACE:
                found.update({str(name): str(goto["target"])[len(_ZONE) :] for name in test.values})
    return found


def zones_in(policies: Iterable[str]) -> set[str]:
    """Give the zones that files of policies name."""
    return {zone for text in policies for zone in _ZONES_OF_POLICY.findall(text)}


def told(openings: Iterable[Opening], zones: Mapping[str, str]) -> list[Opening]:
    """Give the openings in the form in which firewalld knows them."""
    openings = [opening for opening in openings if not opening.replies]
    entered = {opening.in_interface for opening in openings if opening.in_interface}
    zones = {**{interface: zone_of(interface) for interface in entered}, **zones}
    found = []
    for opening in openings:
        ingress = zones.get(opening.in_interface, _ANY)
        egress = _HOST if opening.chain == INPUT else zones.get(opening.out_interface, _ANY)
        name = f"{FIREWALL} {ingress} {egress}"
        found.append(opening._replace(in_interface="", out_interface="", firewall=name))
    return list(dict.fromkeys(found))


def render_policies(user: str, openings: Sequence[Opening]) -> dict[str, str]:
    """Give the files of a user's policies, by path."""
    names = dict.fromkeys(opening.firewall for opening in openings)
    return {
        policy_path(user, name): _render(user, name, [each for each in openings if each.firewall == name])
        for name in names
    }


def decode_policies(user: str, texts: Mapping[str, str], objects: Iterable[Mapping[str, Any]]) -> list[FilterRule]:
    """Give the rules of a user's policies that firewalld has loaded, from a listing of the whole ruleset.

    `texts` has the files of the policies, by path.
    """
    objects = list(objects)
    policies = {path.rpartition("/")[2][: -len(".xml")]: _firewall(text) for path, text in texts.items()}
    # A policy for a zone of ours says nothing while the interface is not in that zone.
    there = set(zones_of(objects).values())
    idle = {name for name, firewall in policies.items() if _of_ours(firewall) - there}
    chains = {form.format(name): (name, chain) for name in policies for form, chain in _CHAINS.items()}
    found = []
    for rule in _rules(objects):
        if rule["chain"] in chains:
            name, chain = chains[rule["chain"]]
            handle = Handle(FIREWALL, 0, str(rule["handle"]))
            entry = None if name in idle else _decode(rule.get("expr", ()), chain, policies[name])
            found.append(FilterRule(handle, user, entry))
    return found


def _rules(objects: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for each in objects:
        if "rule" in each and (each["rule"]["family"], each["rule"]["table"]) == TABLE:
            yield each["rule"]


def _short(user: str) -> str:
    return f"<short>{TAG}{user}</short>"


def _firewall(text: str) -> str:
    zones = (re.search(f'<{side}-zone name="([^"]*)"', text) for side in ("ingress", "egress"))
    return " ".join([FIREWALL, *(found[1] if found else "" for found in zones)])


def _of_ours(firewall: str) -> set[str]:
    return {zone for zone in firewall.split(" ")[1:] if is_name_of_ours(zone)}


def _render(user: str, firewall: str, openings: Sequence[Opening]) -> str:
    _name, ingress, egress = firewall.split(" ")
    return "\n".join(
        [
            '<?xml version="1.0" encoding="utf-8"?>',
            '<policy priority="-10" target="CONTINUE">',
            f"  {_short(user)}",
            "  <description>Managed by wgfleet.wireguard: changes made here are lost.</description>",
            f'  <ingress-zone name="{escape(ingress)}"/>',
            f'  <egress-zone name="{escape(egress)}"/>',
            *(f"  {_rule(opening)}" for opening in openings),
            "</policy>",
            "",
        ]
    )


def _rule(opening: Opening) -> str:
    parts = [f'<rule family="ipv{opening.version}">']
    for element, prefix in (("source", opening.source), ("destination", opening.destination)):
        parts += [f'<{element} address="{escape(str(prefix))}"/>'] if prefix else []
    if opening.port:
        parts.append(f'<port port="{opening.port}" protocol="{opening.protocol}"/>')
    return "".join([*parts, "<accept/></rule>"])


def _decode(statements: Sequence[Mapping[str, Any]], chain: str, firewall: str) -> Opening | None:
    *matches, action = [each for each in statements if "counter" not in each] or [{}]
    tests = tests_of(matches)
    if "accept" not in action or len(tests) != len(matches):
        return None
    # Older releases ask for new connections; the others are accepted before.
    entry = wanted_opening([test for test in tests if not (test.field == STATE and "new" in test.values)], chain)
    return entry._replace(firewall=firewall) if entry else None
