# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets that obey: the router's configuration, realised in a network namespace.

WireGuard devices, addresses, routes, policy rules, one nftables table, and a DNS server. After each commit the
namespace is as the configuration says; what was so before is not touched. A router goes on without what it cannot
realise: problems are told at the end.
"""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.address_plan import (
    address_line,
    present_addresses,
    route_line,
    wanted_addresses,
    wanted_routes,
)
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.interface_names import Links, links
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.namespace_commands import (
    Namespace,
    Problems,
)
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.nftables_text import TABLE, ruleset
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.policy_plan import wanted_rules
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.resolver import Resolver
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.resolver_text import resolver_text
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.statistics import Configuration, Statistics
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.wireguard_links import (
    WireguardLinks,
    wanted_devices,
)

# Where a router says whether it forwards, and the switch of Linux.
FORWARDING = {
    "net.ipv4.ip_forward": ("/ip/settings", "ip-forward"),
    "net.ipv6.conf.all.forwarding": ("/ipv6/settings", "forward"),
}


class NamespacePlane:
    """Realises configurations in a namespace; ``ports`` maps ports and bridges of the router to its links."""

    def __init__(self, ports: dict[str, str], enter: Sequence[str] = ()) -> None:
        self._namespace = Namespace(enter)
        self._ports = ports
        self._wireguard = WireguardLinks(self._namespace)
        self._resolver = Resolver(self._namespace)
        self._links = Links({}, {})
        self._rules = ""
        self._left_out: list[str] = []
        self._switches: dict[str, bool] = {}
        self._routes: set[str] = set()
        self._policy: set[str] = set()
        self._started = False
        self._moved = False

    def commit(self, configuration: Configuration) -> None:
        """Realise a configuration, filter first, so that nothing passes that should not. All steps are tried."""
        self._links = links(configuration, self._ports)
        problems = Problems()
        with problems:
            self._commit_rules(configuration, problems)
        with problems:
            if not self._started:
                self._start()
        with problems:
            self._commit_switches(configuration)
        with problems:
            self._wireguard.commit(wanted_devices(configuration, self._links))
        self._moved |= self._wireguard.moved
        with problems:
            self._moved |= self._commit_addresses(configuration)
        with problems:
            self._commit_routes(wanted_routes(configuration, self._links))
        with problems:
            self._commit_policy(wanted_rules(configuration, self._links))
        with problems:
            self._commit_names(configuration, problems)
        with problems:
            self._wireguard.dial()
        problems.tell()

    def _commit_routes(self, routes: set[str]) -> None:
        """Say all routes again if links moved, because a link that went took its own along."""
        said = set() if self._moved else self._routes
        stale = [route_line("delete", each) for each in sorted(self._routes - routes)]
        self._routes, self._moved = routes, False
        try:
            self._namespace.batch([route_line("replace", each) for each in sorted(routes - said)])
        finally:
            self._namespace.attempt("ip", "-force", "-batch", "-", text="".join(f"{line}\n" for line in stale))

    def _commit_policy(self, rules: set[str]) -> None:
        """Rules are added one by one: a line of a batch cannot name a family of its own."""
        gone, added = sorted(self._policy - rules), sorted(rules - self._policy)
        self._policy = rules
        for verb, group in (("add", added), ("del", gone)):
            for rule in group:
                family, *words = rule.split()
                self._namespace.run("ip", family, "rule", verb, *words)

    def _start(self) -> None:
        """Bring the ports up, and forget the routes that somebody else gave them."""
        ports = sorted({"lo", *self._ports.values()})
        self._namespace.batch([f"link set {port} up" for port in ports])
        for family in ("-4", "-6"):
            for protocol in ("boot", "static", "ra"):
                self._namespace.attempt("ip", family, "route", "flush", "proto", protocol)
        self._started = True

    def _commit_addresses(self, configuration: Configuration) -> bool:
        managed = {link for name, link in self._links.by_interface.items() if name != "lo"}
        wanted = wanted_addresses(configuration, self._links)
        present = present_addresses(self._namespace.ip("address"), managed)
        gone = sorted(present - wanted)
        added = sorted(wanted - present)
        self._namespace.batch([address_line("delete", key) for key in gone])
        self._namespace.batch([address_line("add", key) for key in added])
        return bool(gone or added)

    def _commit_switches(self, configuration: Configuration) -> None:
        """Forward, and answer ARP for others, as the settings say."""
        wanted = {
            switch: row[name] == "true" for switch, (menu, name) in FORWARDING.items() for row in configuration[menu]
        }
        for menu in ("/interface/ethernet", "/interface/bridge"):
            for row in configuration[menu]:
                link = self._ports.get(row["name"])
                if link is not None:
                    wanted[f"net.ipv4.conf.{link}.proxy_arp"] = row["arp"] == "proxy-arp"
        changed = {switch: on for switch, on in wanted.items() if self._switches.get(switch) != on}
        if changed:
            self._namespace.run("sysctl", "-q", "-w", *(f"{switch}={int(on)}" for switch, on in changed.items()))
        self._switches = wanted

    def _commit_rules(self, configuration: Configuration, problems: Problems) -> None:
        text, left_out = ruleset(configuration, self._links)
        if text != self._rules:
            for each in left_out:
                problems.add(each)
            self._namespace.run("nft", "-f", "-", text=text)
            self._rules = text

    def _commit_names(self, configuration: Configuration, problems: Problems) -> None:
        text, left_out = resolver_text(configuration)
        for each in left_out:
            if each not in self._left_out:
                problems.add(each)
        self._left_out = left_out
        self._resolver.commit(text)

    def statistics(self) -> Statistics:
        """Ask the devices."""
        return self._wireguard.statistics(self._links)

    def close(self) -> None:
        """Take away servers, devices and rules."""
        self._resolver.close()
        self._wireguard.close()
        with Problems():
            self._commit_policy(set())
        self._namespace.attempt("nft", "delete", "table", "inet", TABLE)
