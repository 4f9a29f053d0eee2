# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An interface that somebody else has made is not taken over before someone says so; what is ours is known again.

`one` and `two` are Linux, `hap` is a router.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, PlaybookRun, Playbooks
from ansible_collections.wgfleet.wireguard.tests.lab.networks import (
    Fleet,
    entries,
    files,
    key_pair,
    peers,
    silent,
    star,
    star_network,
    steps,
    writes,
)
from ansible_collections.wgfleet.wireguard.tests.lab.routers import MixedLab, office, rows, switched_on

SITES = ("one", "two", "hap")
FRIENDS_KEY = key_pair()[1]
KEY_FILE = "/etc/wireguard/corp.key"
BY_HAND = f"""
    wireguard-go wg0 && until wg show wg0 >/dev/null; do sleep 0.05; done
    cat >/root/key && wg set wg0 private-key /root/key listen-port 4000 peer {FRIENDS_KEY} allowed-ips 10.4.0.2/32
    ip address add 10.4.0.1/24 dev wg0 && ip link set wg0 up
"""


@pytest.fixture
def fleet(lab: Callable[..., Lab], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    plain = lab(star(*SITES))
    for number, site in enumerate(SITES[:2], 1):
        plain.run(site, ["ip", "address", "add", f"10.0.{number}.1/24", "dev", "lo"])
    with switched_on(plain, "hap", seed=office("198.51.3.1/24", "198.51.3.254"), ether1="wan") as router:
        mixed = MixedLab(plain.name, plain.topology, {"hap": router})
        yield Fleet(mixed, Playbooks(tmp_path_factory.mktemp("adoption")), SITES, star_network(*SITES))


def router_of(fleet: Fleet) -> Any:
    """The router of the fleet."""
    assert isinstance(fleet.lab, MixedLab)
    return fleet.lab.routers["hap"]


def strangers(fleet: Fleet) -> None:
    """Let somebody have a wg0 with a peer and an address on a Linux host and on the router."""
    fleet.lab.run("one", ["sh", "-ec", BY_HAND], input=key_pair()[0])
    assert isinstance(fleet.lab, MixedLab)
    with fleet.lab.api("hap") as api:
        for menu, words in {
            "/interface/wireguard": ("=name=wg0",),
            "/interface/wireguard/peers": ("=interface=wg0", f"=public-key={FRIENDS_KEY}", "=allowed-address=10.4.0.2"),
            "/ip/address": ("=interface=wg0", "=address=10.4.0.1/24"),
        }.items():
            assert api.run(f"{menu}/add", *words).trap is None


def everything(fleet: Fleet) -> tuple[Any, ...]:
    """All that a run could write on the two hosts of somebody else."""
    return fleet.state("one"), files(fleet.lab, "one"), rows(router_of(fleet))


def refusals(run: PlaybookRun) -> dict[str, str]:
    """What was said on each host that failed."""
    failed = {entry.host: entry.result for entry in run.results if entry.status == "failed"}
    return {
        host: str([result["msg"], *(each.get("msg") for each in result.get("results", []))])
        for host, result in failed.items()
    }


@pytest.mark.parametrize("flags", [("--check",), ()])
def test_what_somebody_else_made_is_refused_before_any_write_and_others_are_served(
    fleet: Fleet, flags: tuple[str, ...]
) -> None:
    strangers(fleet)
    before = everything(fleet)
    run = fleet.run(*flags, code=2)
    said = refusals(run)
    assert set(said) == {"one", "hap"}
    for message in said.values():
        assert "wg0 is there already (1 peer, 10.4.0.1/24)" in message
        assert "another name" in message
        assert "wireguard_adopt=true" in message
    assert everything(fleet) == before
    assert (writes(run, "one"), writes(run, "hap")) == (0, 0)
    assert set(fleet.state("two")["devices"]) == (set() if flags else {"wg0"})


def test_who_says_so_has_it_taken_over_as_a_check_announces(fleet: Fleet) -> None:
    strangers(fleet)
    fleet.variables["wireguard_adopt"] = True
    check = fleet.run("--check")
    fleet.run()
    assert [step["do"] for step in steps(check, "one")].count("create_interface") == 0
    assert peers(fleet.lab, "one") == {fleet.pinned(host)["public_key"] for host in ("two", "hap")}
    assert silent(fleet.lab, [("one", "10.0.2.1"), ("two", "10.255.0.3")]) == []
    fleet.variables.clear()
    assert fleet.run().changed() == 0


def test_nobody_elses_interface_is_taken_down(fleet: Fleet) -> None:
    strangers(fleet)
    before = everything(fleet)
    assert set(refusals(fleet.run(play="teardown", code=2))) == {"one", "hap"}
    assert everything(fleet) == before


def test_what_is_ours_is_known_again_without_the_registry_and_without_the_record_of_the_host(fleet: Fleet) -> None:
    fleet.run()
    keys = {host: fleet.pinned(host)["public_key"] for host in SITES}
    fleet.registry.unlink()
    fleet.run()
    assert {host: fleet.pinned(host)["public_key"] for host in SITES} == keys
    fleet.registry.unlink()
    for place in ("/var/lib/wgfleet", "/etc/wireguard/wg0.conf"):
        fleet.lab.run("one", ["rm", "-r", place])
    fleet.run()
    assert {host: fleet.pinned(host)["public_key"] for host in SITES} == keys


def test_a_key_that_is_supplied_and_that_the_interface_has_makes_it_ours(fleet: Fleet) -> None:
    strangers(fleet)
    private = fleet.lab.run("one", ["cat", "/root/key"]).stdout.strip()
    fleet.hosts = ("one", "two")
    del fleet.members()["hap"]
    fleet.members()["one"]["private_key"] = private
    run = fleet.run()
    assert "create_interface" not in [step["do"] for step in steps(run, "one")]
    assert private not in run.output
    assert len(peers(fleet.lab, "one")) == 1


def test_a_file_of_somebody_else_that_makes_the_interface_at_boot_is_refused_too(fleet: Fleet) -> None:
    fleet.lab.run("one", ["sh", "-ec", "mkdir -p /etc/wireguard; cat >/etc/wireguard/wg0.conf"], input="[Interface]\n")
    only = replace(fleet, hosts=("one", "two"))
    del only.members()["hap"]
    (message,) = refusals(only.run(code=2)).values()
    assert "/etc/wireguard/wg0.conf is there already" in message
    assert fleet.lab.run("one", ["ls", "/etc/wireguard"]).stdout.split() == ["wg0.conf"]


def test_modules_take_over_what_they_are_told_to_unless_that_is_switched_off(fleet: Fleet) -> None:
    strangers(fleet)
    options = {"name": "wg0", "listen_port": 4001, "adopt": False}
    refused = fleet.tasks("one", {"wgfleet.wireguard.linux_interface": options}, code=2)
    assert "adopt=true" in entries(refused, "one")[0]["msg"]
    del options["adopt"]
    assert entries(fleet.tasks("one", {"wgfleet.wireguard.linux_interface": options}), "one")[0]["writes"] > 0
