# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The router's DNS server, in the words of dnsmasq's configuration.

Rules of this file: no I/O. What cannot be said is left out and told. A router looks at its regular expressions first,
from top to bottom, then at its plain records, and the first that matches decides (DNS manual). dnsmasq takes the most
specific one, so what an earlier one covers already is left out; two of them never overlap otherwise.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import NamedTuple

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.statistics import Configuration

# An answer of today is not given tomorrow, so that each question is seen on the wire.
_ALWAYS = ("no-resolv", "no-hosts", "pid-file", "user=root", "log-facility=-", "cache-size=0", "strict-order")
_OWN_ONLY = ("listen-address=127.0.0.1", "bind-interfaces")  # the port is closed for others (inferred)
_STANDARD = "#"  # dnsmasq's word for the servers that are asked for every name
_NAME = r"[a-z0-9_-]+(?:\\\.[a-z0-9_-]+)*"
_EVERY = re.compile(r"\^?\.[*+]\$?")
_ITSELF = re.compile(rf"\^({_NAME})\$")
_BELOW = re.compile(rf"(?:\^?\.\*)?\\\.({_NAME})\$")


class Names(NamedTuple):
    """A name itself, all names below it, or both; every name is below the one that is empty."""

    name: str
    itself: bool = True
    below: bool = True

    def has_below(self, name: str) -> bool:
        """Whether all names below a name are among these."""
        return self.below and (name == self.name or _is_below(name, self.name))

    def covers(self, other: Names) -> bool:
        """Whether all of the others are among these."""
        itself = (self.itself and other.name == self.name) or (self.below and _is_below(other.name, self.name))
        return (itself or not other.itself) and (self.has_below(other.name) or not other.below)


EVERY = Names("")


class _Forwarder(NamedTuple):
    names: Names
    server: str
    expression: bool


def resolver_text(configuration: Configuration) -> tuple[str, list[str]]:
    """Give the configuration, and what is left out."""
    settings = configuration["/ip/dns"][0]
    left_out = [
        f"/ip/dns is not realised: {name}={settings[name]}"
        for name in ("use-doh-server", "vrf")
        if settings.get(name, "") not in ("", "main")
    ]
    rows = []
    for row in configuration["/ip/dns/static"]:
        why = "" if row["disabled"] == "true" else _unsaid(row)
        if why:
            left_out.append(f"static name {row['.id']} is not realised: {why}")
        elif row["disabled"] != "true":
            rows.append(row)
    forwarders = _forwarders(sorted(rows, key=lambda row: "regexp" not in row))
    own = () if settings["allow-remote-requests"] == "true" else _OWN_ONLY
    servers = [] if any(each.names == EVERY for each in forwarders) else _servers(settings)
    lines = [*_ALWAYS, *own, *servers, *_server_lines(forwarders), *_addresses(rows, forwarders)]
    return "".join(f"{line}\n" for line in lines), left_out


def _servers(settings: dict[str, str]) -> list[str]:
    """Give those who are asked for every name; those of the configuration go first (DNS manual)."""
    found = f"{settings['servers']},{settings.get('dynamic-servers', '')}".split(",")
    return [f"server={server}" for server in filter(None, found)]


def _unsaid(row: dict[str, str]) -> str:
    """Give what of a record has no translation."""
    names = _names(row)
    if names is None:
        return next(f"{name}={row[name]}" for name in ("regexp", "name") if name in row)
    if "address-list" in row:
        return f"address-list={row['address-list']}"
    kind, server = row.get("type", "A"), row.get("forward-to", "")
    if kind == "FWD":
        return "" if _is_address(server) or (not server and names != EVERY) else f"forward-to={server}"
    return "" if kind in ("A", "AAAA") and not names.below else f"type={kind}"


def _names(row: dict[str, str]) -> Names | None:
    if "regexp" not in row:
        name = row["name"].lower()
        return None if "*" in name else Names(name, below=row.get("match-subdomain") == "true")
    if _EVERY.fullmatch(row["regexp"]):
        return EVERY
    for pattern, itself in ((_ITSELF, True), (_BELOW, False)):
        if found := pattern.fullmatch(row["regexp"]):
            return Names(found[1].replace("\\.", "."), itself, not itself)
    return None


def _forwarders(rows: Iterable[dict[str, str]]) -> list[_Forwarder]:
    """Give those whose turn can come."""
    found: list[_Forwarder] = []
    for row in rows:
        names = _names(row)
        if row.get("type") == "FWD" and names and not any(each.names.covers(names) for each in found):
            found.append(_Forwarder(names, row.get("forward-to", _STANDARD) or _STANDARD, "regexp" in row))
    return found


def _addresses(rows: Iterable[dict[str, str]], forwarders: list[_Forwarder]) -> Iterable[str]:
    """Give the records that have an address. Each answers for its type alone, and though a forwarder has its name,
    unless that is a regular expression (DNS manual).
    """
    for row in rows:
        names = _names(row)
        if row.get("type") == "FWD" or names is None or "address" not in row:
            continue
        if not any(each.expression and each.names.covers(names) for each in forwarders):
            yield f"host-record={names.name},{row['address']}"


def _server_lines(forwarders: list[_Forwarder]) -> Iterable[str]:
    for names, server, _expression in forwarders:
        if names == EVERY:
            yield f"server={server}"
            continue
        yield f"server=/{'' if names.itself else '*.'}{names.name}/{server}"
        if not names.below and not any(each.names == Names(names.name, itself=False) for each in forwarders):
            yield f"server=/*.{names.name}/{_server_below(names.name, forwarders)}"


def _server_below(name: str, forwarders: list[_Forwarder]) -> str:
    """Give who is asked for what is below a name that is alone."""
    wider = [each for each in forwarders if each.names.has_below(name) and each.names != EVERY]
    return max(wider, key=lambda each: len(each.names.name)).server if wider else _STANDARD


def _is_below(name: str, other: str) -> bool:
    return name != other and (not other or name.endswith(f".{other}"))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
