# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Linux host reaches the internet, and a LAN, through a gateway that is a Linux host or a router with its firewall.

The tests of a gateway follow each other, as a network does that is built, used, changed and taken away.
"""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.internet import seen_as, telling_addresses
from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, Playbooks, Topology
from ansible_collections.wgfleet.wireguard.tests.lab.name_servers import name_server, questions
from ansible_collections.wgfleet.wireguard.tests.lab.networks import (
    Declaration,
    Fleet,
    answers,
    files,
    ours,
    snapshot,
    star,
    with_networks,
    writes,
)
from ansible_collections.wgfleet.wireguard.tests.lab.routers import MixedLab, office, rows, switched_on
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import Simulator

GATE, TRAVELLER, WEB, WORKSTATION = "gate", "traveller", "web", "pc"
OUTSIDE, SECOND_OUTSIDE, AT_HOME = "198.51.1.1", "198.51.1.77", "198.51.2.1"
WEB_ADDRESS, LAN_ADDRESS, POOL = "198.51.3.1", "10.0.1.10", "10.255.0.0/24"
# Of the documentation's prefix, a router with the default firewall drops all.
POOL6, LAN6, WEB6 = "fd66::/64", "fd01::10", "fd51:3::1"
OUTSIDE6, AT_HOME6 = "fd51:1::1", "fd51:2::1"
ELSEWHERE = "198.51.3.77"  # another address of the web, that no set has
# Where a name was resolved is seen in the answer: each name server has one for all names.
OF_THE_SITE, OF_THE_WEB = "10.77.0.1", "10.88.0.1"
DNSMASQ = "/etc/init.d/dnsmasq"
RESOLVER = f"""
mkdir -p /etc/dnsmasq.d /etc/init.d
rm -f /etc/resolv.conf
echo nameserver 127.0.0.1 >/etc/resolv.conf
cat >{DNSMASQ} <<'END'
#!/bin/sh
[ ! -e /run/dnsmasq.pid ] || kill "$(cat /run/dnsmasq.pid)"
while [ -e /run/dnsmasq.pid ]; do sleep 0.05; done
exec dnsmasq --conf-file=/dev/null --conf-dir=/etc/dnsmasq.d --pid-file=/run/dnsmasq.pid --no-resolv --no-hosts \
    --listen-address=127.0.0.1 --bind-interfaces --user=root --server={ELSEWHERE}
END
chmod 755 {DNSMASQ}
{DNSMASQ} start
"""


def topology() -> Topology:
    """A star whose first site has a LAN with a workstation; to that, all tunnel addresses are on its own link."""
    built = star(GATE, TRAVELLER, WEB)
    for number, link in enumerate(built["links"], 1):
        link["a_addresses"].append(f"fd51:{number}::1/64")
        link["b_addresses"].append(f"fd51:{number}::fe/64")
        built["hosts"][link["a"]]["routes"]["::/0"] = f"fd51:{number}::fe"
    built["hosts"]["internet"]["routes"] = {POOL6: OUTSIDE6}
    built["hosts"][WORKSTATION] = {"routes": {"0.0.0.0/0": "10.0.1.1"}}
    ends = {"a": GATE, "a_interface": "lan", "a_addresses": ["10.0.1.1/24", "fd01::1/64"]}
    own = {"b": WORKSTATION, "b_interface": "lan", "b_addresses": [f"{LAN_ADDRESS}/24", f"{LAN6}/64"]}
    built["links"].append({**ends, **own})
    return built


@dataclass
class Gated:
    """A fleet whose first host is the gateway, and what its hosts were before."""

    fleet: Fleet
    router: Simulator | None
    before: dict[str, Any]
    files_before: set[str]

    @property
    def lab(self) -> Lab:
        """The lab of the fleet."""
        return self.fleet.lab

    @property
    def gateway(self) -> dict[str, Any]:
        """What is declared of the gateway."""
        options: dict[str, Any] = self.fleet.networks["corp"]["gateways"][GATE]
        return options

    def state(self) -> dict[str, Any]:
        """All that a run could change on the hosts, but for WireGuard's own."""
        linux = [host for host in self.fleet.hosts if self.router is None or host != GATE]
        states: dict[str, Any] = {host: snapshot(self.lab, host) for host in linux}
        return states | ({GATE: rows(self.router)} if self.router else {})

    def linux_files(self) -> list[str]:
        """The files of the hosts that have some; a router's are rows."""
        linux = [host for host in self.fleet.hosts if self.router is None or host != GATE]
        return [f"{host} {line}" for host in linux for line in files(self.lab, host)]

    def lasting_files(self) -> set[str]:
        """The same but for their times, and what is there until a boot."""
        return {line.rpartition(" ")[0] for line in self.linux_files() if " /run/" not in line}

    def kept(self) -> dict[str, bytes]:
        """What runs keep on the controller, and when it was written."""
        places = (self.fleet.playbooks.directory / "inventory").rglob("wireguard_*")
        return {str(path): path.read_bytes() for path in places if path.is_file()}

    @property
    def traveller(self) -> dict[str, Any]:
        """What is declared of the traveller."""
        options: dict[str, Any] = self.fleet.members()[TRAVELLER]
        return options

    def seen(self, address: str = WEB_ADDRESS) -> str:
        """The address by which the internet sees the traveller."""
        with telling_addresses(self.lab, WEB):
            return seen_as(self.lab, TRAVELLER, address)

    def gets_past(self) -> bool:
        """Whether the traveller reaches the internet past the tunnel, by a program that insists."""
        done = self.lab.run(TRAVELLER, ["ping", "-n", "-c", "1", "-W", "2", "-I", "wan", WEB_ADDRESS], check=False)
        return done.returncode == 0

    def inside(self) -> list[str]:
        """The traveller's addresses in the tunnel."""
        return [address.partition("/")[0] for address in self.fleet.pinned(TRAVELLER)["addresses"]]

    def resolved(self, name: str) -> str:
        """The address that a program of the traveller gets for a name."""
        return self.lab.run(TRAVELLER, ["getent", "ahostsv4", name], check=False).stdout.partition(" ")[0]


def declared(router: bool) -> dict[str, Any]:
    """The network in which the traveller reaches everything through the gateway."""
    members = {
        GATE: {"endpoint": OUTSIDE, "routes": ["10.0.1.0/24", "fd01::/64"]},
        TRAVELLER: {"nat": True, "gateway": {"via": GATE, "kill_switch": True}},
    }
    answered = {"proxy_arp": ["bridge"]} if router else {"proxy_arp": ["lan"], "proxy_ndp": ["lan"]}
    return {"corp": {"interface": "wg0", "pool": [POOL, POOL6], "members": members, "gateways": {GATE: answered}}}


@pytest.fixture(scope="module", params=["linux", "routeros"])
def gated(
    request: pytest.FixtureRequest, module_lab: Callable[..., Lab], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gated]:
    lab = module_lab(topology())
    lab.run(WORKSTATION, ["ip", "route", "add", POOL, "dev", "lan"])
    # A router answers for no IPv6 neighbours.
    way = ["via", "fd01::1"] if request.param == "routeros" else ["dev", "lan"]
    lab.run(WORKSTATION, ["ip", "-6", "route", "add", POOL6, *way])
    lab.run(WEB, ["ip", "address", "add", f"{ELSEWHERE}/24", "dev", "wan"])
    for host, address, answer in ((WORKSTATION, LAN_ADDRESS, OF_THE_SITE), (WEB, ELSEWHERE, OF_THE_WEB)):
        name_server(lab, host, address, answer)
    lab.run(TRAVELLER, ["sh", "-ec", RESOLVER])
    router = None
    with contextlib.ExitStack() as stack:
        if request.param == "routeros":
            seed = office(f"{OUTSIDE}/24", "198.51.1.254", "fd01::1/64")
            seed["/ipv6/address"].append({"interface": "ether1", "address": f"{OUTSIDE6}/64"})
            seed["/ipv6/route"] = [{"gateway": "fd51:1::fe"}]
            seed["/ip/address"].append({"interface": "ether1", "address": f"{SECOND_OUTSIDE}/24"})
            flags = ("--defconf", "--lan", "10.0.1.1/24")
            router = stack.enter_context(switched_on(lab, GATE, *flags, seed=seed, ether1="wan", bridge="lan"))
            lab = MixedLab(lab.name, lab.topology, {GATE: router})
        else:
            lab.run(GATE, ["ip", "address", "add", f"{SECOND_OUTSIDE}/24", "dev", "wan"])
        playbooks = Playbooks(tmp_path_factory.mktemp("gateway"))
        fleet = Fleet(lab, playbooks, (GATE, TRAVELLER), declared(router is not None))
        found = Gated(fleet, router, {}, set())
        found.before, found.files_before = found.state(), found.lasting_files()
        yield found


def refusal(gated: Gated, networks: Declaration, *flags: str) -> str:
    """What the one host that fails says of a declaration, after which nothing is written anywhere."""
    before = gated.state(), gated.linux_files(), gated.kept()
    run = with_networks(gated.fleet, networks).run(*flags, play="vpn_gateway", code=2)
    (failed,) = [entry for entry in run.results if entry.status == "failed"]
    assert (gated.state(), gated.linux_files(), gated.kept()) == before
    assert (writes(run), run.changed()) == (0, 0)
    message: str = failed.result["msg"]
    return message


def test_an_unknown_outgoing_interface_is_one_clear_error_and_nothing_is_written_anywhere(gated: Gated) -> None:
    networks = copy.deepcopy(gated.fleet.networks)
    networks["corp"]["gateways"][GATE]["out_interface"] = "nowhere0"
    for flags in ((), ("--check",)):
        said = refusal(gated, networks, *flags)
        assert said == "gateway.outbound[0].out_interface: there is no interface nowhere0"


def test_the_first_run_lets_the_traveller_out_by_the_address_of_the_gateway(gated: Gated) -> None:
    assert (gated.seen(), gated.seen(WEB6), gated.gets_past()) == (AT_HOME, AT_HOME6, True)
    run = gated.fleet.run(play="vpn_gateway")
    assert writes(run, GATE) > 0
    assert (gated.seen(), gated.seen(WEB6), gated.gets_past()) == (OUTSIDE, OUTSIDE6, False)


def test_the_lan_of_a_router_is_out_by_its_own_masquerade_as_before(gated: Gated) -> None:
    with telling_addresses(gated.lab, WEB):
        seen = seen_as(gated.lab, WORKSTATION, WEB_ADDRESS, seconds=3)
    assert seen == (OUTSIDE if gated.router else "")  # a Linux host lets out whom it is told to


def test_a_lan_that_knows_no_route_to_the_tunnel_is_reached_all_the_same(gated: Gated) -> None:
    assert answers(gated.lab, TRAVELLER, LAN_ADDRESS)
    assert answers(gated.lab, TRAVELLER, LAN6)
    for address in gated.inside():
        assert answers(gated.lab, WORKSTATION, address)


def test_the_second_run_writes_nothing(gated: Gated) -> None:
    run = gated.fleet.run(play="vpn_gateway")
    assert (writes(run), run.changed()) == (0, 0)


def test_a_lan_is_reached_by_its_own_route_without_an_answer_to_arp(gated: Gated) -> None:
    gated.gateway.clear()
    gated.fleet.run(play="vpn_gateway")
    for version in ("-4", "-6"):
        gated.lab.run(WORKSTATION, ["ip", version, "neigh", "flush", "dev", "lan"])
    assert not answers(gated.lab, TRAVELLER, LAN_ADDRESS, seconds=2)
    if gated.router is None:
        assert not answers(gated.lab, TRAVELLER, LAN6, seconds=2)
    gated.lab.run(WORKSTATION, ["ip", "route", "replace", POOL, "via", "10.0.1.1"])
    gated.lab.run(WORKSTATION, ["ip", "-6", "route", "replace", POOL6, "via", "fd01::1"])
    assert answers(gated.lab, TRAVELLER, LAN_ADDRESS)
    assert answers(gated.lab, TRAVELLER, LAN6)


def test_a_fixed_address_takes_the_place_of_masquerading_and_a_routed_prefix_keeps_its_own(gated: Gated) -> None:
    gated.gateway.update(snat=[SECOND_OUTSIDE], masquerade=False)
    gated.fleet.run(play="vpn_gateway")
    assert (gated.seen(), gated.seen(WEB6)) == (SECOND_OUTSIDE, gated.inside()[1])


def test_only_what_is_split_off_goes_through_the_gateway(gated: Gated) -> None:
    gated.traveller["gateway"] = GATE  # a kill switch is for all that leaves
    gated.traveller["split"] = {"mode": "only", "prefixes": [f"{WEB_ADDRESS}/32"]}
    gated.traveller["dns"] = [{"servers": [LAN_ADDRESS], "domains": ["corp.example"]}]
    gated.fleet.run(play="vpn_gateway")
    assert (gated.seen(), gated.seen(ELSEWHERE), gated.seen(WEB6)) == (SECOND_OUTSIDE, AT_HOME, AT_HOME6)
    assert gated.gets_past()
    assert answers(gated.lab, TRAVELLER, LAN_ADDRESS)


def test_names_of_the_site_are_asked_of_its_own_server_and_no_others(gated: Gated) -> None:
    with questions(gated.lab, TRAVELLER) as seen:
        assert (gated.resolved("db.corp.example"), gated.resolved("www.example")) == (OF_THE_SITE, OF_THE_WEB)
    assert seen == {"wg0": {"db.corp.example"}, "wan": {"www.example"}}


def test_the_run_after_these_changes_writes_nothing(gated: Gated) -> None:
    run = gated.fleet.run(play="vpn_gateway")
    assert (writes(run), run.changed()) == (0, 0)


def test_all_but_what_is_split_off_goes_through_the_gateway(gated: Gated) -> None:
    gated.traveller["split"]["mode"] = "except"
    gated.fleet.run(play="vpn_gateway")
    assert (gated.seen(), gated.seen(ELSEWHERE), gated.seen(WEB6)) == (AT_HOME, SECOND_OUTSIDE, gated.inside()[1])


def test_who_names_no_gateway_any_more_is_out_by_itself_and_what_was_opened_is_closed(gated: Gated) -> None:
    corp = gated.fleet.networks["corp"]
    del corp["gateways"]
    for option in ("gateway", "split", "dns"):
        del gated.traveller[option]
    gated.fleet.run()
    assert gated.seen() == AT_HOME
    assert gated.resolved("later.corp.example") == OF_THE_WEB
    assert answers(gated.lab, TRAVELLER, LAN_ADDRESS)
    state = gated.state()
    assert state[TRAVELLER]["rules"] == gated.before[TRAVELLER]["rules"]
    if gated.router is None:
        assert "masquerade" not in str(state[GATE]["nftables"])
        assert "snat" not in str(state[GATE]["nftables"])
    else:
        assert state[GATE]["/ip/firewall/nat"] == gated.before[GATE]["/ip/firewall/nat"]


def test_after_the_teardown_everything_is_as_it_was(gated: Gated) -> None:
    gated.fleet.run(play="teardown")
    assert gated.state() == gated.before
    key = "/etc/wireguard/corp.key"  # of which the others know
    linux = [TRAVELLER] if gated.router else [GATE, TRAVELLER]
    assert {host: ours(gated.lab, host) for host in linux} == {host: [key] for host in linux}
    left = {line.rpartition(" ")[0].rpartition(" ")[0] for line in gated.lasting_files() ^ gated.files_before}
    assert left == {f"{host} {key}" for host in linux}
    assert (
        gated.lab.run(TRAVELLER, ["find", "/etc/dnsmasq.d", "/var/lib/wgfleet", "-type", "f"], check=False).stdout == ""
    )
    assert gated.fleet.run(play="teardown").changed() == 0
