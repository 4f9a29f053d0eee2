# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses and routes as lines of ip(8).

Rules of this file: no I/O. The router's configuration is the whole truth for the links that are its ports: what is not
in it does not stay. Routes carry a protocol number of their own.
"""

from __future__ import annotations

import ipaddress
from typing import Any

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.interface_names import Links
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.statistics import Configuration

PROTOCOL = "177"
MAIN = "254"

AddressKey = tuple[str, str, str]  # link, address with length, the other end or nothing


def wanted_addresses(configuration: Configuration, links: Links) -> set[AddressKey]:
    """Give the addresses of enabled rows whose interface has a link."""
    found = set()
    for menu in ("/ip/address", "/ipv6/address"):
        for row in configuration[menu]:
            link = links.of(row["interface"])
            if link is None or row["disabled"] == "true" or row["invalid"] == "true":
                continue
            address = ipaddress.ip_interface(row["address"])
            far = row.get("network", "")
            single = address.version == 4 and address.network.prefixlen == 32
            found.add((link, str(address), far if single and far != str(address.ip) else ""))
    return found


def present_addresses(shown: list[dict[str, Any]], links: set[str]) -> set[AddressKey]:
    """Read what ``ip -j address`` shows of these links, link-local addresses left out."""
    return {
        (entry["ifname"], f"{each['local']}/{each['prefixlen']}", "")
        if "address" not in each
        else (entry["ifname"], f"{each['local']}/32", each["address"])
        for entry in shown
        if entry["ifname"] in links
        for each in entry["addr_info"]
        if each.get("scope") != "link" and "local" in each
    }


def address_line(verb: str, key: AddressKey) -> str:
    """Give the line that adds or deletes an address."""
    link, address, far = key
    local = f"{ipaddress.ip_interface(address).ip} peer {far}/32" if far else address
    flags = " nodad" if verb == "add" and ":" in address else ""
    return f"address {verb} {local} dev {link}{flags}"


def table_numbers(configuration: Configuration) -> dict[str, str]:
    """Give the number of each routing table by its name."""
    tables = {row["name"]: str(1000 + int(row[".id"][1:], 16)) for row in configuration.get("/routing/table", [])}
    return {**tables, "main": MAIN}


def _useless_tables(configuration: Configuration) -> set[str]:
    """Give the tables whose routes forward nothing: those that are disabled, or no tables of the forwarding itself."""
    rows = configuration.get("/routing/table", [])
    return {row["name"] for row in rows if "fib" not in row or row["disabled"] == "true"}


def wanted_routes(configuration: Configuration, links: Links) -> set[str]:
    """Give the routes that are in use, in the words of ``ip route``."""
    tables = table_numbers(configuration)
    useless = _useless_tables(configuration)
    found = set()
    for menu, family in (("/ip/route", 4), ("/ipv6/route", 6)):
        for row in configuration[menu]:
            if row["disabled"] == "true" or row.get("active") != "true" or row["routing-table"] in useless:
                continue
            hops = _hops(row, links)
            kind = "blackhole " if "blackhole" in row else ""
            if not kind and not hops:
                continue
            metric = int(row["distance"]) + (1024 if family == 6 else 0)
            source = f" src {row['pref-src']}" if row.get("pref-src") else ""
            table = tables.get(row["routing-table"], MAIN)
            way = "" if kind else _way(hops)
            found.add(f"{kind}{row['dst-address']} table {table} metric {metric} proto {PROTOCOL}{source}{way}")
    return found


def _hops(row: dict[str, str], links: Links) -> list[str]:
    """Give ``via A dev L`` or ``dev L`` for each next hop that has a link."""
    found = []
    for gateway in filter(None, row["immediate-gw"].split(",")):
        address, percent, interface = gateway.rpartition("%")
        link = links.of(interface)
        if link is not None:
            found.append(f"via {address} dev {link}" if percent else f"dev {link}")
    return found


def _way(hops: list[str]) -> str:
    if len(hops) == 1:
        return f" {hops[0]}"
    return "".join(f" nexthop {hop}" for hop in hops)


def route_line(verb: str, route: str) -> str:
    """Give the line that replaces or deletes a route."""
    return f"route {verb} {route}"
