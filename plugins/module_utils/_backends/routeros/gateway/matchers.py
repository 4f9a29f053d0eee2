# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which matchers a rule of RouterOS' firewall can have: one table, by table, IP version and release.

Rules of this file: pure data and look-up. It has all matchers, also those that we never set: whoever added one to a
rule of ours has changed what it does. Source: the console's own schema of 7.9 to 7.24.
"""

from __future__ import annotations

from typing import Collection, Iterator, NamedTuple, Tuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.versions import Release

Table = Tuple[str, int]  # its name and IP version

_NEVER = Release(99, 0)
_EVERYWHERE = (
    "protocol", "src-port", "dst-port", "port", "src-address", "dst-address", "src-address-list", "dst-address-list",
    "src-address-type", "dst-address-type", "src-mac-address", "in-interface", "out-interface", "in-interface-list",
    "out-interface-list", "in-bridge-port", "out-bridge-port", "in-bridge-port-list", "out-bridge-port-list",
    "icmp-options", "tcp-mss", "packet-size", "dscp", "connection-mark", "connection-type", "connection-bytes",
    "connection-rate", "connection-limit", "packet-mark", "routing-mark", "priority", "ingress-priority",
    "ipsec-policy", "limit", "dst-limit", "nth", "random", "per-connection-classifier", "time", "content",
)  # fmt: skip
_ALL = tuple((name, version) for name in ("filter", "nat", "mangle") for version in (4, 6))
_STATEFUL = tuple(table for table in _ALL if table != ("nat", 4))


class _Matchers(NamedTuple):
    """Names of matchers, the tables that have them, and from and before which release."""

    names: Collection[str]
    tables: Collection[Table] = _ALL
    since: Release = Release(7, 1)
    before: Release = _NEVER


_MATCHERS = (
    _Matchers(_EVERYWHERE),
    _Matchers(("connection-state", "connection-nat-state", "tcp-flags"), _STATEFUL),
    _Matchers(
        ("fragment", "ttl", "hotspot", "psd", "layer7-protocol", "realm", "ipv4-options"),
        [table for table in _ALL if table[1] == 4],
    ),
    _Matchers(("headers", "hop-limit"), [table for table in _ALL if table[1] == 6]),
    _Matchers(("src-prefix", "dst-prefix"), [("mangle", 6)]),
    _Matchers(("tos",), since=Release(7, 21)),
    _Matchers(("tls-host",), [("filter", 4), ("filter", 6), ("mangle", 4), ("mangle", 6)]),
    _Matchers(("tls-host",), [("nat", 4)], before=Release(7, 16)),
)
NAMES = frozenset(name for each in _MATCHERS for name in each.names)


def matchers_of(table: Table, release: Release) -> Iterator[str]:
    """Give the matchers that a table of a release knows."""
    for each in _MATCHERS:
        if table in each.tables and each.since <= release < each.before:
            yield from each.names
