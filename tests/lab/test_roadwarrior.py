# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MikroTik's example of road warriors, with a Linux server and with a router that has the default firewall.

The tests of a server follow each other, as a network does that is built, used, changed and taken away.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, Playbooks
from ansible_collections.wgfleet.wireguard.tests.lab.name_servers import REFUSED, SILENT, asked
from ansible_collections.wgfleet.wireguard.tests.lab.networks import Fleet, answers, ours, snapshot, until, writes
from ansible_collections.wgfleet.wireguard.tests.lab.roadwarriors import (
    BEHIND,
    ENDPOINT,
    INSIDE,
    PEERS,
    SERVER,
    Roadwarriors,
    example,
    topology,
)
from ansible_collections.wgfleet.wireguard.tests.lab.routers import MixedLab, office, rows, switched_on, without_ids

SEEN = """
table ip seen {
    chain input {
        type filter hook input priority 0
        ip saddr 198.51.1.1 icmp type echo-request counter
    }
}
"""

LEAVING = """
table ip6 leaving {
    chain output {
        type filter hook output priority 0
        ip6 daddr 2001:db8:ffff::1 oifname "wan" counter
        ip6 daddr 2001:db8:ffff::1 oifname "laptop" counter
    }
}
"""


@pytest.fixture(scope="module", params=["linux", "routeros"])
def warriors(
    request: pytest.FixtureRequest, module_lab: Callable[..., Lab], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Roadwarriors]:
    lab = module_lab(topology())
    playbooks = Playbooks(tmp_path_factory.mktemp("roadwarriors"))
    with contextlib.ExitStack() as stack:
        if request.param == "routeros":
            seed = {**office("198.51.1.1/24", "198.51.1.254"), "/ip/dns": {"allow-remote-requests": "no"}}
            flags = ("--defconf", "--lan", "10.0.1.1/24")
            router = stack.enter_context(switched_on(lab, SERVER, *flags, seed=seed, ether1="wan", bridge="lan"))
            lab = MixedLab(lab.name, lab.topology, {SERVER: router})
        declared = example()
        declared["corp"]["gateways"][SERVER]["serve_dns"] = True
        yield Roadwarriors(Fleet(lab, playbooks, (SERVER,), declared))


@pytest.fixture(scope="module", autouse=True)
def before(warriors: Roadwarriors) -> Any:
    """What the server was before anything of ours was there."""
    return state(warriors)


def state(warriors: Roadwarriors) -> Any:
    """All that a server has which a run could change."""
    lab = warriors.lab
    return without_ids(rows(lab.routers[SERVER])) if isinstance(lab, MixedLab) else snapshot(lab, SERVER)


def test_the_first_run_gives_each_client_a_file_with_which_it_gets_in(warriors: Roadwarriors) -> None:
    run = warriors.run()
    assert writes(run, SERVER) > 0
    assert set(warriors.endpoints()) == {warriors.public_key("phone"), warriors.public_key("laptop")}
    assert "Address = 192.168.100.2/32\n" in warriors.file("phone")
    assert "Endpoint = 198.51.1.1:13231\n" in warriors.file("phone")
    warriors.switch_on("phone")
    assert answers(warriors.lab, "phone", INSIDE)
    assert answers(warriors.lab, "phone", BEHIND)


def test_the_router_shows_the_very_configuration_that_the_client_was_given(warriors: Roadwarriors) -> None:
    if not isinstance(warriors.lab, MixedLab):
        pytest.skip("only routers can show one")
    with warriors.lab.api(SERVER) as api:
        ids = {row["public-key"]: row[".id"] for row in api.rows(PEERS)}
        shown = {
            client: api.run(f"{PEERS}/show-client-config", f"=.id={ids[warriors.public_key(client)]}").rows[0]["conf"]
            for client in ("phone", "laptop")
        }
        responders = {row["responder"] for row in api.rows(PEERS)}
    assert responders == {"true"}  # so that the router does not dial them
    for client, text in shown.items():
        # A private key that is not the router's, it cannot show. An app takes everything for Windows' two halves.
        halves = warriors.file(client).replace("0.0.0.0/1, 128.0.0.0/1", "0.0.0.0/0").replace("::/1, 8000::/1", "::/0")
        given = sections(halves)
        del given["PrivateKey"]
        assert sections(text) == given


def sections(text: str) -> dict[str, str]:
    """What a configuration says; lists in one order."""
    lines = [line.partition(" = ") for line in text.splitlines() if " = " in line and not line.startswith("#")]
    return {name: ", ".join(sorted(value.split(", "))) for name, _separator, value in lines}


def test_a_second_client_gets_in_too(warriors: Roadwarriors) -> None:
    warriors.switch_on("laptop")
    assert answers(warriors.lab, "laptop", INSIDE)
    assert answers(warriors.lab, "laptop", BEHIND)


def test_the_name_server_of_a_router_answers_its_clients_and_nobody_outside(warriors: Roadwarriors) -> None:
    if not isinstance(warriors.lab, MixedLab):
        pytest.skip("whether a Linux server has a name server is not our affair")
    assert asked(warriors.lab, "phone", "router.lan", INSIDE) == "10.0.1.1"
    assert asked(warriors.lab, "internet", "router.lan", ENDPOINT) == SILENT


def test_the_halves_of_windows_end_in_the_internet_with_the_address_of_the_server(warriors: Roadwarriors) -> None:
    assert "0.0.0.0/1, 128.0.0.0/1" in warriors.file("laptop")
    warriors.lab.run("internet", ["nft", "-f", "-"], input=SEEN)
    assert answers(warriors.lab, "laptop", "198.51.2.254")
    counters = warriors.lab.run("internet", ["nft", "list", "table", "ip", "seen"]).stdout
    assert "packets 0 " not in counters


def test_ipv6_of_a_full_tunnel_does_not_leave_in_clear_though_the_network_has_none(warriors: Roadwarriors) -> None:
    lab = warriors.lab
    for client, network in (("phone", 2), ("laptop", 3)):
        uplink = ["address", "add", f"2001:db8:{network}::1/64", "dev", "wan", "nodad"]
        lab.run(client, ["ip", "-6", *uplink])
        lab.run(client, ["ip", "-6", "route", "add", "default", "via", f"2001:db8:{network}::fe"])
    far = "2001:db8:ffff::1"
    way = {client: lab.run(client, ["ip", "-6", "route", "get", far]).stdout for client in ("phone", "laptop")}
    assert " dev wan " in way["phone"], "a split tunnel leaves it alone"
    assert " dev laptop " in way["laptop"]
    lab.run("laptop", ["nft", "-f", "-"], input=LEAVING)
    assert lab.ping("laptop", far, count=3).received == 0
    leaving = lab.run("laptop", ["nft", "list", "table", "ip6", "leaving"]).stdout
    assert 'oifname "wan" counter packets 0 ' in leaving
    assert 'oifname "laptop" counter packets 0 ' not in leaving


def test_the_second_run_writes_nothing(warriors: Roadwarriors) -> None:
    run = warriors.run()
    assert (writes(run), run.changed()) == (0, 0)


def test_a_client_that_roams_is_followed_and_a_run_does_not_set_it_back(warriors: Roadwarriors) -> None:
    lab = warriors.lab
    key = warriors.public_key("phone")
    before = warriors.endpoints()[key]
    with lab.pinging("phone", INSIDE, 0.05) as pings:
        until(lambda: warriors.endpoints()[key] == before)
        lab.run("phone", ["ip", "address", "del", "198.51.2.1/24", "dev", "wan"])
        lab.run("phone", ["ip", "address", "add", "198.51.2.77/24", "dev", "wan"])
        lab.run("phone", ["ip", "route", "replace", "default", "via", "198.51.2.254"])
        lab.run("phone", ["wg", "set", "phone", "listen-port", "40404"])
        until(lambda: warriors.endpoints()[key] == "198.51.2.77:40404")
        run = warriors.run()
        assert (writes(run), run.changed()) == (0, 0)
        assert warriors.endpoints()[key] == "198.51.2.77:40404"
    assert len(pings.lost) < 2 / 0.05  # those of the moment in which it had no address
    assert max(pings.lost, default=0) < pings.sent / 2


def test_a_change_to_one_client_touches_neither_the_server_nor_the_others(warriors: Roadwarriors) -> None:
    laptop = warriors.file("laptop")
    warriors.clients["phone"]["mtu"] = 1300
    with warriors.lab.pinging("laptop", INSIDE, 0.05) as pings:
        run = warriors.run()
    assert writes(run) == sum(result["writes"] for result in run.of("client_config")) > 0
    assert "MTU = 1300\n" in warriors.file("phone")
    assert warriors.file("laptop") == laptop
    assert pings.lost == []


def test_a_removed_client_is_out_and_the_others_notice_nothing(warriors: Roadwarriors) -> None:
    key = warriors.public_key("phone")
    address = warriors.fleet.registry_data()["networks"]["corp"]["clients"]["phone"]["addresses"]
    del warriors.clients["phone"]
    warriors.fleet.members()[SERVER]["host_access"] = True
    del warriors.fleet.networks["corp"]["gateways"][SERVER]["serve_dns"]
    assert refused_or_not(warriors) == ("timed out" if isinstance(warriors.lab, MixedLab) else "refused")
    with warriors.lab.pinging("laptop", INSIDE, 0.05) as pings:
        warriors.run()
    assert pings.lost == []
    assert refused_or_not(warriors) == "refused"
    assert asked(warriors.lab, "laptop", "router.lan", INSIDE) == REFUSED, "nobody serves names there any more"
    departed = warriors.fleet.registry_data()["networks"]["corp"]["clients"]["phone"]
    assert (departed["addresses"], "reserved_until" in departed) == (address, True)
    assert key not in warriors.endpoints()
    assert not (warriors.directory / "corp/phone").exists()
    assert warriors.lab.ping("phone", INSIDE, count=3).received == 0
    run = warriors.run()
    assert (writes(run), run.changed()) == (0, 0)


def refused_or_not(warriors: Roadwarriors) -> str:
    """What becomes of the laptop's connection to a port of the server itself, at which nobody listens."""
    asking = "import socket, sys; socket.create_connection((sys.argv[1], 4711), timeout=2)"
    done = warriors.lab.run("laptop", [sys.executable, "-c", asking, INSIDE], check=False)
    return "refused" if "ConnectionRefusedError" in done.stderr else done.stderr.strip().rpartition(": ")[2]


def test_an_expired_client_is_out_and_that_is_said(warriors: Roadwarriors) -> None:
    warriors.clients["laptop"]["expires"] = "2020-01-31"
    too_late = warriors.run("-e", "wireguard_show_client=laptop", code=2)
    assert "No client laptop can have a file" in too_late.output
    assert (writes(too_late), too_late.changed()) == (0, 0)
    assert warriors.endpoints() != {}
    run = warriors.run()
    assert "clients.laptop: expired on 2020-01-31, and is no peer any more of the hosts in this run" in " ".join(
        run.output.split()
    )
    assert warriors.endpoints() == {}
    assert {path.name for path in (warriors.directory / "corp/laptop").iterdir()} == {".wgfleet", "private.key"}
    assert warriors.lab.ping("laptop", INSIDE, count=3).received == 0


def test_after_the_teardown_the_server_is_as_it_was(warriors: Roadwarriors, before: Any) -> None:
    assert state(warriors) != before
    warriors.fleet.run(play="teardown")
    assert state(warriors) == before
    if not isinstance(warriors.lab, MixedLab):
        assert ours(warriors.lab, SERVER) == ["/etc/wireguard/corp.key"]
    assert warriors.fleet.run(play="teardown").changed() == 0
