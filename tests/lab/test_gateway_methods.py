# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One declaration, in which each gateway is ruled by another firewall and each client goes out by another method.

One of the gateways is a router.

All is brought, used, changed and taken away by the playbooks. The tests follow each other.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.debian_packages import OPENRESOLV, RESOLVED, provide
from ansible_collections.wgfleet.wireguard.tests.lab.firewalls import STARTS, rules
from ansible_collections.wgfleet.wireguard.tests.lab.internet import seen_as, telling_addresses
from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, PlaybookRun, Playbooks
from ansible_collections.wgfleet.wireguard.tests.lab.networks import (
    Fleet,
    files,
    module_calls,
    ours,
    snapshot,
    star,
    until,
    writes,
)
from ansible_collections.wgfleet.wireguard.tests.lab.routers import MixedLab, office, rows, switched_on
from ansible_collections.wgfleet.wireguard.tests.lab.split_site import background
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import Simulator

ROUTER = "routeros"
LINUX_GATES = ("nftables", "ufw", "firewalld")  # named for the firewall that rules there
GATES = (*LINUX_GATES, ROUTER)
# Hosts by their first method, and their gate.
METHODS = {"rule": "nftables", "halves": "ufw", "replace": "firewalld", "fwmark": ROUTER}
FILING, FETCHING, WEB = "filing", "fetching", "web"  # the set is in a file; it is fetched, and refreshed by a timer
CLIENTS = (*METHODS, FILING, FETCHING)
HOSTS = (*GATES, *CLIENTS)
OUTSIDE = {host: f"198.51.{number}.1" for number, host in enumerate((*HOSTS, WEB), 1)}
NEAR = OUTSIDE[WEB]
NETWORK = NEAR.rpartition(".")[0]
FAR = f"{NETWORK}.77"  # of the web, too; it has the list
INSIDE = "10.255.0.1"  # the name server of the site
OF_THE_SITE, OF_THE_WEB = "10.77.0.1", "10.88.0.1"  # what each name server answers
LIST = f"""2|apnic|20261120|3|19830613|20261119|+1000
apnic|NZ|ipv4|{NETWORK}.0|{{count}}|20110811|allocated
apnic|NZ|ipv4|198.18.0.0|1024|20110811|assigned
"""
REFRESH = "/etc/systemd/system/wgfleet-split-refresh-wg0"
USERS = f"""
for each in messagebus:990 systemd-resolve:991; do
    name=${{each%:*}} number=${{each#*:}}
    grep -q "^$name:" /etc/group || echo "$name:x:$number:" >>/etc/group
    grep -q "^$name:" /etc/passwd || echo "$name:x:$number:$number::/:/usr/sbin/nologin" >>/etc/passwd
done
mkdir -p /run/dbus /etc/systemd/resolved.conf.d
install -d -o systemd-resolve -g systemd-resolve /run/systemd/resolve
printf '[Resolve]\\nDNS={FAR}\\nLLMNR=no\\nMulticastDNS=no\\n' >/etc/systemd/resolved.conf.d/lab.conf
dbus-daemon --system --fork
rm -f /etc/resolv.conf
echo nameserver 127.0.0.53 >/etc/resolv.conf
"""


def declared() -> dict[str, Any]:
    """The network: each client has one gate, and knows nobody else."""
    members: dict[str, Any] = {gate: {"endpoint": OUTSIDE[gate]} for gate in GATES}
    members["nftables"]["address"] = [f"{INSIDE}/24"]
    members |= {host: {"nat": True, "gateway": {"via": gate, "method": host}} for host, gate in METHODS.items()}
    members[FILING] = {
        "nat": True,
        "gateway": "nftables",
        "split": {"mode": "only", "files": ["/srv/set"]},
        "dns": [{"servers": [INSIDE], "domains": ["corp.example"]}],
    }
    statistics = {"source": f"http://{FAR}:8000/delegated", "countries": ["NZ"], "families": ["ipv4"]}
    members[FETCHING] = {
        "nat": True,
        "gateway": "nftables",
        "split": {"mode": "only", "rir": [statistics], "refresh": "weekly"},
        "dns": [{"servers": [INSIDE]}],
    }
    links = [[host, METHODS.get(host, "nftables")] for host in CLIENTS]
    gateways: dict[str, Any] = {**{gate: {} for gate in GATES}, "nftables": {"serve_dns": True}}
    shared = {"interface": "wg0", "pool": ["10.255.0.0/24"], "topology": "links", "links": links}
    return {"corp": {**shared, "members": members, "gateways": gateways}}


@dataclass
class Methods:
    """The fleet, and what its hosts were before."""

    fleet: Fleet
    router: Simulator
    before: dict[str, Any]
    files_before: dict[str, set[str]]
    linux = (*LINUX_GATES, *CLIENTS)

    @property
    def lab(self) -> Lab:
        return self.fleet.lab

    def run(self, play: str = "vpn_gateway") -> PlaybookRun:
        return self.fleet.run(play=play)

    def state(self) -> dict[str, Any]:
        """Routes, rules, switches and firewalls of all hosts."""
        states: dict[str, Any] = {ROUTER: rows(self.router)}
        for host in self.linux:
            found = {name: each for name, each in snapshot(self.lab, host).items() if name != "nftables"}
            states[host] = {**found, "firewalls": rules(self.lab, host)}
        return states

    def files(self) -> dict[str, set[str]]:
        """All files of gates, but for their times and what runs there."""
        return {
            gate: {line.rpartition(" ")[0] for line in files(self.lab, gate) if "/run/" not in line}
            for gate in LINUX_GATES
        }

    def seen(self, host: str, address: str = NEAR) -> str:
        """The host by whose address the web sees a host."""
        address = seen_as(self.lab, host, address)
        return next((name for name, outside in OUTSIDE.items() if outside == address), address)

    def ways(self, host: str) -> tuple[str, str]:
        """How the web sees a host at each of its addresses."""
        return self.seen(host, NEAR), self.seen(host, FAR)

    def resolved(self, host: str, name: str) -> str:
        """The address that a program of a host gets for a name."""
        return self.lab.run(host, ["getent", "ahostsv4", name], check=False).stdout.partition(" ")[0]

    def publish(self, count: int) -> None:
        """Put a list on the web, in which a country has so many addresses of it."""
        self.lab.run(WEB, ["sh", "-c", "mkdir -p /srv/web; cat >/srv/web/delegated"], input=LIST.format(count=count))


@pytest.fixture(scope="module")
def methods(module_lab: Callable[..., Lab], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Methods]:
    lab = module_lab(star(*HOSTS, WEB))
    lab.run(WEB, ["ip", "address", "add", f"{FAR}/24", "dev", "wan"])
    lab.run(FILING, ["sh", "-c", f"echo {NEAR} >/srv/set"])
    plain = ["dnsmasq", "--conf-file=/dev/null", "--no-resolv", "--no-hosts", "--pid-file=/run/dns.pid", "--user=root"]
    lab.run("nftables", [*plain, f"--address=/#/{OF_THE_SITE}"])
    lab.run(WEB, [*plain, f"--address=/#/{OF_THE_WEB}"])
    for gate in LINUX_GATES:
        STARTS[gate](lab, gate)
    provide(lab, FILING, RESOLVED)
    lab.run(FILING, ["sh", "-ec", USERS])
    background(lab, FILING, ["/lib/systemd/systemd-resolved"])
    provide(lab, FETCHING, OPENRESOLV)
    lab.run(FETCHING, ["resolvconf", "-a", "wan"], input=f"nameserver {FAR}\n")
    with contextlib.ExitStack() as stack:
        stack.enter_context(telling_addresses(lab, WEB))
        number = HOSTS.index(ROUTER) + 1
        seed = office(f"{OUTSIDE[ROUTER]}/24", f"198.51.{number}.254")
        router = stack.enter_context(switched_on(lab, ROUTER, "--defconf", seed=seed, ether1="wan"))
        mixed = MixedLab(lab.name, lab.topology, {ROUTER: router})
        built = Methods(Fleet(mixed, Playbooks(tmp_path_factory.mktemp("methods")), HOSTS, declared()), router, {}, {})
        built.publish(64)
        background(lab, WEB, [sys.executable, "-m", "http.server", "8000", "--directory", "/srv/web"])
        for host in (FILING, FETCHING):
            until(lambda host=host: built.resolved(host, "before.corp.example") == OF_THE_WEB)
        built.before, built.files_before = built.state(), built.files()
        yield built


def test_each_method_leads_through_its_gate_whatever_firewall_rules_there(methods: Methods) -> None:
    assert {host: methods.seen(host) for host in CLIENTS} == {host: host for host in CLIENTS}
    run = methods.run()
    assert {host: methods.ways(host) for host in METHODS} == {host: (gate, gate) for host, gate in METHODS.items()}
    assert {host: calls for host in HOSTS if (calls := module_calls(run, host)) > 3} == {}


def test_sets_from_a_file_and_from_a_list_go_through_the_gate_and_nothing_else(methods: Methods) -> None:
    assert methods.ways(FILING) == ("nftables", FILING)
    assert methods.ways(FETCHING) == ("nftables", FETCHING)


def test_names_are_asked_of_the_declared_servers_by_each_resolver(methods: Methods) -> None:
    assert (methods.resolved(FILING, "db.corp.example"), methods.resolved(FILING, "www.test")) == (
        OF_THE_SITE,
        OF_THE_WEB,
    )
    assert methods.resolved(FETCHING, "www.test") == OF_THE_SITE


def test_the_second_run_writes_nothing(methods: Methods) -> None:
    run = methods.run()
    assert (writes(run), run.changed()) == (0, 0)


def test_the_timer_brings_what_the_list_has_by_then_and_a_run_after_it_changes_nothing(methods: Methods) -> None:
    methods.publish(128)
    unit = methods.lab.run(FETCHING, ["cat", f"{REFRESH}.service"]).stdout
    command = next(line.partition("=")[2] for line in unit.splitlines() if line.startswith("ExecStart="))
    assert "OnCalendar=weekly" in methods.lab.run(FETCHING, ["cat", f"{REFRESH}.timer"]).stdout
    methods.lab.run(FETCHING, command.split())
    assert methods.ways(FETCHING) == ("nftables", "nftables")


def test_each_client_changes_to_another_method_or_set(methods: Methods) -> None:
    members = methods.fleet.members()
    others = {"rule": "halves", "halves": "replace", "replace": "rule"}
    for host, method in others.items():
        members[host]["gateway"]["method"] = method
    members[FILING]["split"]["mode"] = "except"
    del members[FILING]["dns"]
    run = methods.run()
    assert writes(run, FETCHING) == 0
    assert {host: methods.ways(host) for host in METHODS} == {host: (gate, gate) for host, gate in METHODS.items()}
    assert methods.ways(FILING) == (FILING, "nftables")
    assert methods.resolved(FILING, "later.corp.example") == OF_THE_WEB
    again = methods.run()
    assert (writes(again), again.changed()) == (0, 0)


def test_after_the_teardown_everything_is_as_it_was(methods: Methods) -> None:
    methods.run("teardown")
    assert {host: methods.seen(host) for host in CLIENTS} == {host: host for host in CLIENTS}
    assert methods.resolved(FETCHING, "after.test") == OF_THE_WEB
    after = methods.state()
    for host in HOSTS:
        assert after[host] == methods.before[host]
    for gate, found in methods.files().items():
        assert {line.split()[0] for line in found ^ methods.files_before[gate]} == {"/etc/wireguard/corp.key"}
    assert {host: ours(methods.lab, host) for host in CLIENTS} == {
        host: ["/etc/wireguard/corp.key"] for host in CLIENTS
    }
