# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong for who is new here, made for real: each time, a run and the table of links name the cause.

No WireGuard on a host, a router that cannot be asked, a clock that is wrong, a firewall that is closed.
"""

from __future__ import annotations

import contextlib
import datetime
import ipaddress
import itertools
import os
import re
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, PlaybookRun, Playbooks
from ansible_collections.wgfleet.wireguard.tests.lab.networks import (
    Fleet,
    as_json,
    key_pair,
    star_fleet,
)
from ansible_collections.wgfleet.wireguard.tests.lab.routers import PASSWORD, reached
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.process import Simulator, simulator

BOTH = ("site_to_site", "status")
HOUR = datetime.timedelta(hours=1)
# A Python whose clock is three and a half hours behind, for the modules of one host.
LATE_PYTHON = "/usr/local/bin/python-of-an-earlier-time"
LATE = f"""#!/bin/sh
export PYTHONPATH=/usr/local/lib/earlier
exec {sys.executable} "$@"
"""
EARLIER = "import time\nreal = time.time\ntime.time = lambda: real() - 12600\n"


def words(run: PlaybookRun) -> str:
    """All that a run has said on the terminal, as if lines had no end."""
    return " ".join(run.output.split())


@pytest.fixture
def sites(lab: Callable[..., Lab], tmp_path: Path) -> Fleet:
    """Two sites with nothing on them. A link that is dead is not waited for very long."""
    fleet = star_fleet(lab, tmp_path, "one", "two")
    fleet.variables["wireguard_probe_timeout"] = 6
    return fleet


def closed(fleet: Fleet, rule: str, on: str = "internet", hook: str = "forward") -> None:
    """Close a firewall, between the sites unless a site is named."""
    table = f"add table inet wall; add chain inet wall {hook} {{ type filter hook {hook} priority -20; }}"
    fleet.lab.run(on, ["nft", f"{table}; add rule inet wall {hook} {rule} drop"])


# --- Links that come up


def test_each_new_link_is_one_line_then_they_are_counted_and_what_is_not_new_is_none(
    lab: Callable[..., Lab], tmp_path: Path
) -> None:
    fleet = star_fleet(lab, tmp_path, "one", "two", "branch", nat=("branch",))
    lines = fleet.run().output.splitlines()
    pairs = itertools.combinations(("one", "two", "branch"), 2)
    found = [line for line in lines if " -- " in line]
    patterns = [rf"{one} -- {two}: up after \d+\.\d s" for one, two in pairs]
    assert all(re.fullmatch(pattern, line) for pattern, line in zip(patterns, found, strict=True)), found
    counted = lines[lines.index(found[-1]) + 1]
    assert re.fullmatch(r"3 of 3 new links are up, the last of them after \d+\.\d s", counted), counted
    again = fleet.run()
    assert " -- " not in again.output
    assert not again.of("linux_info") or {each.get("skipped") for each in again.of("linux_info")} == {True}
    fleet.members()["two"]["routes"].append("10.0.22.0/24")
    assert " -- " not in fleet.run().output


# --- No WireGuard


@pytest.mark.parametrize(
    ("taken", "said"),
    [
        (["mount", "--bind", "/dev/null", "{wireguard-go}"], "this kernel has no WireGuard, and wireguard-go is not"),
        (["mount", "-t", "tmpfs", "none", "/dev/net"], "needs /dev/net/tun, which is not here"),
    ],
    ids=["neither_in_the_kernel_nor_as_a_program", "no_device_to_make_it_of"],
)
def test_a_host_without_wireguard_is_told_what_it_lacks(sites: Fleet, taken: list[str], said: str) -> None:
    if sites.lab.run("one", ["ip", "link", "add", "wg99", "type", "wireguard"], check=False).returncode == 0:
        pytest.skip("this kernel has WireGuard")
    program = sites.lab.run("one", ["sh", "-c", "command -v wireguard-go"]).stdout.strip()
    sites.lab.run("one", [word.format(**{"wireguard-go": program}) for word in taken])
    run = sites.run(code=2)
    failed = [entry for entry in run.results if entry.status == "failed"]
    assert [entry.host for entry in failed] == ["one"]
    assert said in as_json(failed[0].result)
    shown = words(sites.run(play="status", code=2))
    assert said in shown
    assert "on one the interface is not up" in shown


# --- A closed firewall


def test_a_firewall_on_the_way_is_told_by_the_way_that_is_silent_and_the_port(sites: Fleet) -> None:
    closed(sites, "ip daddr 198.51.2.1 udp dport 51820")
    for play in BOTH:
        shown = words(sites.run(play=play, code=2 if play == "status" else 0))
        assert ("one -- two: silent" in shown) == (play != "status")
        assert "nothing arrives from one at two, which has heard 0 of" in shown, play
        assert "UDP port 51820 at 198.51.2.1:51820 seems to be closed: look at the firewall of two" in shown, play
        assert "nothing arrives from two at one" not in shown, play


def test_a_host_that_lets_nothing_out_is_told(sites: Fleet) -> None:
    closed(sites, "udp dport 51820", on="one", hook="output")
    closed(sites, "ip daddr 198.51.1.1 udp dport 51820")
    shown = words(sites.run())
    assert "one cannot send to 198.51.2.1:51820" in shown
    assert "nothing arrives from two at one" in shown


# --- A wrong clock


def test_a_host_whose_clock_is_wrong_is_told(sites: Fleet) -> None:
    sites.lab.run("two", ["mkdir", "-p", "/usr/local/lib/earlier"])
    sites.lab.run("two", ["sh", "-c", "cat >/usr/local/lib/earlier/sitecustomize.py"], input=EARLIER)
    sites.lab.run("two", ["sh", "-c", f"cat >{LATE_PYTHON}; chmod 755 {LATE_PYTHON}"], input=LATE)
    inventory = sites.lab.inventory(*sites.hosts, wireguard_install=False, wireguard_networks=sites.networks)
    inventory["all"]["hosts"]["two"]["ansible_python_interpreter"] = LATE_PYTHON
    for play in BOTH:
        run = sites.playbooks.run(f"wgfleet.wireguard.{play}", inventory)
        assert "two: its clock is 3 h behind the controller's" in words(run), play
        assert "one: its clock" not in run.output


class Office:
    """A router that is alone in its network, but for a partner whom nobody asks."""

    def __init__(self, directory: Path, router: dict[str, Any]) -> None:
        self.playbooks = Playbooks(directory)
        members = {
            "hap": {"endpoint": "198.51.3.1"},
            "partner": {"external": True, "public_key": key_pair()[1], "endpoint": "198.51.4.1"},
        }
        variables = {
            "wireguard_networks": {"corp": {"pool": ["10.255.0.0/24"], "members": members}},
            "wireguard_probe_timeout": 1,
            "ansible_python_interpreter": sys.executable,
        }
        self.inventory = {"all": {"hosts": {"hap": router}, "vars": variables}}

    def run(self, play: str, code: int | None = 2) -> PlaybookRun:
        """Run a playbook of the collection."""
        return self.playbooks.run(f"wgfleet.wireguard.{play}", self.inventory, code=code)

    def refusal(self, play: str) -> str:
        """What a run says that fails on the router."""
        failed = [entry.result for entry in self.run(play).results if entry.status == "failed"]
        return as_json([failed[0]["msg"], failed[0].get("results", "")])


@pytest.fixture
def hap() -> Iterator[Simulator]:
    """A router whose clock never was set."""
    with simulator("--user", f"admin:{PASSWORD}:full", "--clock-ahead", "-1750000000") as router:
        yield router


def test_a_router_whose_clock_never_was_set_is_told(hap: Simulator, tmp_path: Path) -> None:
    office = Office(tmp_path, reached(hap))
    office.run("site_to_site", code=0)
    assert re.search(
        r"hap: its clock is \d+ d behind the controller's.*/system/ntp/client", words(office.run("status"))
    )


def certificate(directory: Path, starts: datetime.timedelta, ends: datetime.timedelta) -> tuple[Path, Path]:
    """Files with a certificate for this time from now and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now + starts)
        .not_valid_after(now + ends)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (directory / "router.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (directory / "router.key").write_bytes(key.private_bytes(serialization.Encoding.PEM, *private))
    return directory / "router.pem", directory / "router.key"


@pytest.mark.parametrize(
    ("starts", "ends", "said"),
    [(HOUR, 2 * HOUR, "not yet valid"), (-2 * HOUR, -HOUR, "has expired")],
    ids=["not_valid_yet", "expired"],
)
def test_a_certificate_out_of_its_time_leads_to_the_clocks(
    tmp_path: Path, starts: datetime.timedelta, ends: datetime.timedelta, said: str
) -> None:
    shown, key = certificate(tmp_path, starts, ends)
    (directory := tmp_path / "runs").mkdir()
    flags = ("--tls-certificate", str(shown), "--tls-key", str(key))
    with simulator("--user", f"admin:{PASSWORD}:full", *flags) as router:
        variables = reached(router)
        trusted = os.path.relpath(shown, directory / "inventory")  # which is where such a path begins
        variables["wireguard_routeros"] |= {"port": router.tls_port, "tls": True, "ca_path": trusted}
        message = Office(directory, variables).refusal("site_to_site")
    assert said in message
    assert f"here it is {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d}" in message
    assert "/system/clock" in message


# --- A router that cannot be asked


def router_at(port: int, **access: Any) -> dict[str, Any]:
    """The variables of a router at a port of this machine."""
    where = {"hostname": "127.0.0.1", "port": port, "tls": True, "timeout": 1, **access}
    return {
        "ansible_connection": "local",
        "ansible_network_os": "community.routeros.routeros",
        "wireguard_routeros": {**where, "username": "admin", "password": PASSWORD},
    }


@pytest.mark.parametrize(("tls", "service"), [(True, "api-ssl"), (False, "api")])
def test_a_service_that_is_off_is_told_with_the_command_that_turns_it_on(
    tmp_path: Path, tls: bool, service: str
) -> None:
    with contextlib.closing(socket.socket()) as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        port = nobody.getsockname()[1]
        message = Office(tmp_path, router_at(port, tls=tls)).refusal("site_to_site")
    assert f"127.0.0.1 port {port}: Connection refused" in message
    assert f"/ip service enable {service};" in message


def test_a_router_behind_a_closed_firewall_is_told_with_the_port(tmp_path: Path) -> None:
    with contextlib.ExitStack() as opened:
        full = opened.enter_context(contextlib.closing(socket.socket()))
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for dummy in range(2):  # who comes next gets no answer, as behind a wall
            waiting = opened.enter_context(contextlib.closing(socket.socket()))
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        port = full.getsockname()[1]
        message = Office(tmp_path, router_at(port)).refusal("site_to_site")
    assert f"a firewall drops TCP port {port}" in message
    assert "/ip service print" in message


def test_a_router_that_admits_other_addresses_only_is_told(tmp_path: Path) -> None:
    with simulator("--user", f"admin:{PASSWORD}:full", "--fault", "sessions-full") as router:
        message = Office(tmp_path, reached(router)).refusal("site_to_site")
    assert "not admit this address: /ip service print" in message


# --- A declaration that not every host has, and a router that nobody calls one


def test_each_host_of_the_run_has_to_have_the_same_declaration(tmp_path: Path) -> None:
    office = Office(tmp_path, {"ansible_connection": "local"})
    declared = office.inventory["all"]["vars"].pop("wireguard_networks")
    hosts: dict[str, Any] = office.inventory["all"]["hosts"]
    hosts["hap"]["wireguard_networks"] = declared
    hosts["shop"] = {"ansible_connection": "local"}
    for play in ("site_to_site", "status", "teardown"):
        said = words(office.run(play))
        assert "wireguard_networks is defined for hap, and not for shop" in said, play
        assert "is undefined" not in said, play
    hosts["shop"]["wireguard_networks"] = {"corp": {**declared["corp"], "port": 4444}}
    said = words(office.run("site_to_site"))
    assert "wireguard_networks differs between hap and shop, first at wireguard_networks.corp.port" in said
    assert not (tmp_path / "inventory/wireguard_registry.yml").exists()


def test_a_router_without_a_network_os_is_never_taken_for_the_controller(hap: Simulator, tmp_path: Path) -> None:
    router = reached(hap)
    del router["ansible_network_os"]
    office = Office(tmp_path, router)
    run = office.run("site_to_site", code=0)
    assert run.of("routeros_interface")
    assert not run.of("linux_interface")
    office.inventory["all"]["hosts"]["hap"] = {"ansible_connection": "local", "ansible_host": "198.51.3.1"}
    for play in ("site_to_site", "status", "teardown", "add_client"):
        said = words(office.run(play))
        assert "hap would be set up on this controller" in said, play
        assert "set ansible_network_os to wgfleet.wireguard.routeros" in said, play


# --- A run that some hosts are not in


def test_what_a_limited_run_does_not_reach_is_told_once_and_shown_as_long_as_it_is_so(
    lab: Callable[..., Lab], tmp_path: Path
) -> None:
    fleet = star_fleet(lab, tmp_path, "one", "two", "branch")
    fleet.networks["corp"]["clients"] = {"bob": {"via": ["one"], "public_key": key_pair()[1]}}
    late = fleet.run("--limit", "two,branch")
    assert "two is new in corp: one is not in this run, and does not know its key. Run it too" in words(late)
    assert "is new" not in fleet.run().output
    gone = fleet.members().pop("branch")
    fleet.networks["corp"]["clients"] = {}
    said = words(fleet.run("--limit", "two", play="roadwarrior"))
    assert "corp/bob is revoked, and still let in: one is not in this run" in said
    assert "branch is no member of corp any more and keeps" in said
    shown = words(fleet.run(play="status"))
    assert "bob (revoked)" in shown
    assert "one still lets branch (departed) in" in shown
    assert "two still lets" not in shown
    assert "branch is no member of corp any more, and no run has had it since" in shown
    full = fleet.run(play="roadwarrior")
    assert "revoked" not in full.output
    assert "interface" not in fleet.pinned("branch")
    shown = words(fleet.run(play="status"))
    assert "still" not in shown
    assert "no member" not in shown
    again = fleet.run()
    assert (again.changed(), "no member" in again.output) == (0, False)
    fleet.members()["branch"] = gone
    assert "branch is new in corp: one and two are not in this run" in words(fleet.run("--limit", "branch"))
