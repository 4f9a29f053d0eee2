# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client's configuration as a script, for a router that is the client.

Rules of this file: no input or output. Everything that the script makes carries one comment, and its first lines remove
what carries it, dependents first, so that importing it again renews; what is someone else's is never touched. No
variables and no blocks: each line is a command that a person can read, and type. (MikroTik manual, "Scripting" for the
quotation, "WireGuard" and "Policy Routing" for what a tunnel needs.)
"""

from __future__ import annotations

import re
from typing import Iterator, NamedTuple, Tuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.clients.keys import ClientKey
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.clients.text import PresharedKeys
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.client_plan import (
    ClientPlan,
    PlannedServer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
    PresharedKey,
    PrivateKey,
    SecretText,
)

_INTERFACES = "/interface wireguard"
_PEERS = "/interface wireguard peers"
_TABLES = "/routing table"
_RULES = "/routing rule"
_FORWARDERS = "/ip dns static"
_ADDRESSES = {4: "/ip address", 6: "/ipv6 address"}
_ROUTES = {4: "/ip route", 6: "/ipv6 route"}
_NAT = {4: "/ip firewall nat", 6: "/ipv6 firewall nat"}
# Nothing is ever left hanging on what is gone, nor a default route without the way to its server.
_REMOVAL = (
    *_NAT.values(), _RULES, *_ROUTES.values(), _FORWARDERS, *_ADDRESSES.values(), _PEERS, _INTERFACES, _TABLES
)  # fmt: skip

_PLAIN = re.compile(r"[A-Za-z0-9_.:/,-]+")
_SPECIAL = re.compile(r'(["\\$?])')  # the quote, and what begins an escape, a variable or a help text
_UNKNOWN_KEY = "PUT THE PRIVATE KEY OF THIS ROUTER HERE"  # refused as it stands

Words = Tuple[Tuple[str, str], ...]


class _Row(NamedTuple):
    menu: str
    words: Words


def render_script(plan: ClientPlan, key: ClientKey, psks: PresharedKeys) -> SecretText:
    """Render the script. Raises InvalidInput where a value cannot be quoted."""
    comment = _word("comment", comment_of(plan))
    lines = [f"# {comment_of(plan)}, the client with the public key {key.public_key}"]
    lines += [f"{menu} remove [find {comment}]" for menu in _REMOVAL]  # an earlier import may have made more than this
    for row in _rows(plan, key, psks):
        lines.append(" ".join([row.menu, "add", *(_word(*word) for word in row.words), comment]))
    lines += _resolver(plan)
    return SecretText("".join(line + "\n" for line in lines).encode("utf-8"))


def comment_of(plan: ClientPlan) -> str:
    """Give the comment of everything that the script makes."""
    return f"wgfleet-client {plan.network}/{plan.client.name}"


def _rows(plan: ClientPlan, key: ClientKey, psks: PresharedKeys) -> Iterator[_Row]:
    full = sorted({prefix.version for server in plan.servers for prefix in server.allowed_ips if not prefix.length})
    if full:
        yield _Row(_TABLES, (("name", plan.network), ("fib", "")))
    yield _Row(_INTERFACES, tuple(_interface_words(plan, key.private_key)))
    for server in plan.servers:
        yield _Row(_PEERS, tuple(_peer_words(plan.network, server, psks.get(server.name))))
    for address in plan.addresses:
        words = (("address", str(address)), ("interface", plan.network))
        yield _Row(_ADDRESSES[address.version], (*words, ("advertise", "no")) if address.version == 6 else words)
    for prefix in _routed(plan):
        yield _Row(_ROUTES[prefix.version], (("dst-address", str(prefix)), ("gateway", plan.network)))
    if full:
        yield from _full_tunnel(plan, full)
    # The servers know this client by its own addresses alone.
    for version in sorted({address.version for address in plan.addresses}):
        yield _Row(_NAT[version], (("chain", "srcnat"), ("action", "masquerade"), ("out-interface", plan.network)))
    yield from _forwarders(plan)


def _interface_words(plan: ClientPlan, private_key: PrivateKey | None) -> Iterator[tuple[str, str]]:
    yield "name", plan.network
    if plan.mtu is not None:
        yield "mtu", str(plan.mtu)
    yield "private-key", private_key.reveal() if private_key else _UNKNOWN_KEY


def _peer_words(interface: str, server: PlannedServer, psk: PresharedKey | None) -> Iterator[tuple[str, str]]:
    yield "interface", interface
    yield "public-key", str(server.public_key)
    if psk:
        yield "preshared-key", psk.reveal()
    yield "endpoint-address", server.endpoint.host
    yield "endpoint-port", str(server.endpoint.port)
    yield "allowed-address", ",".join(map(str, server.allowed_ips))
    if server.keepalive:
        yield "persistent-keepalive", f"{server.keepalive}s"


def _routed(plan: ClientPlan) -> Iterator[Prefix]:
    # RouterOS makes no routes of allowed addresses; those to an address's own network it makes.
    connected = [address.prefix for address in plan.addresses]
    for server in plan.servers:
        for prefix in server.allowed_ips:
            if prefix.length and prefix not in connected:
                yield prefix


def _full_tunnel(plan: ClientPlan, versions: list[int]) -> Iterator[_Row]:
    # As wg-quick does: all but what a more specific route knows goes to a table of its own, the servers excepted, so
    # that it does not matter how the router reaches the internet, nor when that changes.
    for version in versions:
        words = (("dst-address", "::/0" if version == 6 else "0.0.0.0/0"), ("gateway", plan.network))
        yield _Row(_ROUTES[version], (*words, ("routing-table", plan.network)))
    for host in dict.fromkeys(server.endpoint.host for server in plan.servers):
        words = (("action", "lookup-only-in-table"), ("table", "main"))
        yield _Row(_RULES, (("dst-address", host), *words))
    yield _Row(_RULES, (("action", "lookup"), ("table", "main"), ("min-prefix", "0")))
    yield _Row(_RULES, (("action", "lookup"), ("table", plan.network)))


def _is_full(plan: ClientPlan) -> bool:
    return any(not prefix.length for server in plan.servers for prefix in server.allowed_ips)


def _forwarders(plan: ClientPlan) -> Iterator[_Row]:
    if plan.client.dns and plan.client.search and not _is_full(plan):
        for domain in plan.client.search:
            words = (("type", "FWD"), ("name", domain), ("match-subdomain", "yes"), ("forward-to", plan.client.dns[0]))
            yield _Row(_FORWARDERS, words)


def _resolver(plan: ClientPlan) -> list[str]:
    if not plan.client.dns or (plan.client.search and not _is_full(plan)):
        return []
    return ["/ip dns set " + _word("servers", ",".join(plan.client.dns))]


def _word(name: str, value: str) -> str:
    if name == "dst-address" and "/" not in value:
        return f"{name}={_host(value)}"
    if not value:
        return name
    return f"{name}={value if _PLAIN.fullmatch(value) else _quoted(name, value)}"


def _host(host: str) -> str:
    if ":" in host:
        return f"{host}/128"
    if host.replace(".", "").isdigit():
        return f"{host}/32"
    return f"[:resolve {_quoted('endpoint', host)}]"  # once, when the script is imported


def _quoted(name: str, value: str) -> str:
    if not value.isprintable():
        raise InvalidInput(
            [Problem(name, "cannot be written in a script: it must be one line of printable characters")]
        )
    return '"' + _SPECIAL.sub(r"\\\1", value) + '"'
