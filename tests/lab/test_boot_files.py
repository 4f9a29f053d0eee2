# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real wg-quick and systemd-networkd bring up from our files what the files were made from."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.boot.boot_files import files_for
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.marks import ROUTE_PROTOCOL
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import (
    DesiredInterface,
    DesiredPeer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    Interface,
    Peer,
    Route,
    Rule,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.quick.text import parse
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    Endpoint,
    parse_interface_address,
    parse_prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
    PresharedKey,
    PublicKey,
    clamp,
)
from ansible_collections.wgfleet.wireguard.tests.lab.lone_host import LoneHost, lone_host
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.core.quick_meaning import (
    allowed_ips,
    effective_peers,
)

NETWORKD = "/lib/systemd/systemd-networkd"
NETWORKD_UNTIL = """
SYSTEMD_LOG_LEVEL=debug SYSTEMD_LOG_TARGET=console "$1" >/run/judge/log 2>&1 &
for attempt in $(seq 100); do
    grep -q "$2" /run/judge/log && exit
    sleep 0.1
done
"""
UNIT = "/lib/systemd/system/wg-quick@.service"


def raw(number: int) -> bytes:
    return hashlib.sha256(b"boot%d" % number).digest()


PEERS = (
    Peer(
        PublicKey(raw(1)),
        preshared_key=PresharedKey(raw(2)),
        endpoint=Endpoint("192.0.2.7", 51820),
        allowed_ips=frozenset(map(parse_prefix, ("10.1.0.0/24", "fd01::/64", "0.0.0.0/0"))),
        persistent_keepalive=25,
        name="office 2 # north",
    ),
    Peer(
        PublicKey(raw(3)), endpoint=Endpoint("2001:db8::7", 51821), allowed_ips=frozenset({parse_prefix("10.2.0.0/16")})
    ),
    Peer(PublicKey(raw(4)), current_endpoint=Endpoint("192.0.2.9", 4711)),
)
RULES = frozenset(
    {
        Rule(4, 1000, 100, fwmark=0xCA6C, invert=True),
        Rule(6, 1000, 100, fwmark=0xCA6C, invert=True),
        Rule(4, 990, 254, suppress_prefixlength=0),
        Rule(4, 1010, 100, source=parse_prefix("10.9.0.0/16"), destination=parse_prefix("10.8.0.0/16")),
        Rule(6, 1020, 300, source=parse_prefix("fd09::/64")),
    }
)
INTERFACE = Interface(
    "wgboot",
    private_key=clamp(raw(0)),
    listen_port=51877,
    fwmark=0xCA6C,
    mtu=1380,
    up=True,
    addresses=frozenset(map(parse_interface_address, ("10.255.0.1/24", "10.254.0.1/32", "fd66::1/64"))),
    routes=frozenset(
        {
            Route(parse_prefix("10.1.0.0/24")),
            Route(parse_prefix("10.255.0.0/24")),
            Route(parse_prefix("10.2.0.0/16"), metric=77),
            Route(parse_prefix("0.0.0.0/0"), table=100),
            Route(parse_prefix("fd01::/64")),
            Route(parse_prefix("fd02::/64"), table=100, metric=5),
        }
    ),
    rules=RULES,
    peers={peer.public_key: peer for peer in PEERS},
    persist="wg_quick",
)
NETWORKD_INTERFACE = replace(INTERFACE, persist="networkd")
_STATIC = 4  # the protocol that systemd-networkd gives to its policy rules


def desired_of(interface: Interface) -> DesiredInterface:
    """Give the wish for this very interface."""
    peers = tuple(
        DesiredPeer(
            peer.public_key,
            preshared_key=peer.preshared_key,
            endpoint=peer.endpoint,
            allowed_ips=peer.allowed_ips,
            persistent_keepalive=peer.persistent_keepalive,
            name=peer.name,
        )
        for peer in interface.peers.values()
    )
    same = ("private_key", "listen_port", "fwmark", "mtu", "up", "addresses", "routes", "rules", "persist")
    return DesiredInterface(interface.name, peers=peers, **{name: getattr(interface, name) for name in same})


@pytest.fixture
def host() -> Iterator[LoneHost]:
    with lone_host() as made:
        yield made


def install(host: LoneHost, interface: Interface) -> None:
    for path, file in files_for(interface, UNIT).items():
        host.run("mkdir", "-p", str(Path(path).parent))
        if file.link:
            host.run("ln", "-s", file.content.reveal(), path)
        else:
            host.write(path, file.content.reveal())
            host.run("chown", file.owner, path)


def rows(host: LoneHost, *command: str) -> list[dict[str, Any]]:
    return json.loads(host.run("ip", "-N", "-j", *command).stdout or "[]")


def routes(host: LoneHost) -> set[Route]:
    found = set()
    for family in ("-4", "-6"):
        for row in rows(host, family, "route", "show", "table", "all", "proto", str(ROUTE_PROTOCOL)):
            assert row["dev"] == "wgboot"
            text = row["dst"] if row["dst"] != "default" else {"-4": "0.0.0.0/0", "-6": "::/0"}[family]
            metric = row.get("metric", 0)
            found.add(Route(parse_prefix(text), int(row.get("table", 254)), 0 if metric == 1024 else metric))
    return found


def rules(host: LoneHost, protocol: int = ROUTE_PROTOCOL) -> list[tuple[Any, ...]]:
    return sorted(
        (
            family,
            row["priority"],
            int(row["table"]),
            int(row.get("fwmark", "0"), 16),
            "not" in row,
            f"{row['src']}/{row['srclen']}" if "srclen" in row else "",
            f"{row['dst']}/{row['dstlen']}" if "dstlen" in row else "",
            row.get("suppress_prefixlen", -1),
        )
        for family in (4, 6)
        for row in rows(host, f"-{family}", "rule", "show")
        if row.get("protocol") == str(protocol)
    )


def expected_rules(interface: Interface) -> list[tuple[Any, ...]]:
    return sorted(
        (
            rule.version,
            rule.priority,
            rule.table,
            rule.fwmark,
            rule.invert,
            str(rule.source or ""),
            str(rule.destination or ""),
            -1 if rule.suppress_prefixlength is None else rule.suppress_prefixlength,
        )
        for rule in interface.rules
    )


def require_link(host: LoneHost, interface: Interface) -> None:
    (link,) = rows(host, "address", "show", "dev", interface.name)
    assert link["mtu"] == interface.mtu
    assert "UP" in link["flags"]
    held = {
        parse_interface_address(f"{each['local']}/{each['prefixlen']}")
        for each in link["addr_info"]
        if each["scope"] != "link" and not each["local"].startswith("fe80")
    }
    assert held == interface.addresses
    assert routes(host) == interface.routes
    assert rules(host, _STATIC if interface.persist == "networkd" else ROUTE_PROTOCOL) == expected_rules(interface)


def require_state(host: LoneHost, interface: Interface) -> None:
    """Fail unless the host has exactly the interface."""
    require_link(host, interface)
    shown = parse(host.run("wg", "showconf", interface.name).stdout)
    assert shown.private_key == interface.private_key
    assert (shown.listen_port, shown.fwmark or 0) == (interface.listen_port, interface.fwmark)
    assert {
        key: (peer.preshared_key, allowed_ips(peer), peer.endpoint, peer.persistent_keepalive or 0)
        for key, peer in effective_peers(shown).items()
    } == {
        key: (peer.preshared_key, peer.allowed_ips, peer.endpoint, peer.persistent_keepalive)
        for key, peer in interface.peers.items()
    }


@pytest.mark.parametrize(
    "interface",
    [
        INTERFACE,
        replace(INTERFACE, peers={}, rules=frozenset(), routes=frozenset(), fwmark=0),
    ],
    ids=["everything", "little"],
)
def test_wg_quick_brings_up_the_state_again_and_again_and_leaves_nothing_behind(host, interface):
    before = rows(host, "-4", "rule", "show"), rows(host, "-6", "rule", "show")
    install(host, interface)
    for _time in range(2):
        host.run("wg-quick", "up", "wgboot")
        require_state(host, interface)
        host.run("wg-quick", "down", "wgboot")
        assert (rows(host, "-4", "rule", "show"), rows(host, "-6", "rule", "show")) == before
        assert not routes(host)


def test_rule_that_outlived_its_interface_is_not_doubled(host):
    install(host, INTERFACE)
    host.run("wg-quick", "up", "wgboot")
    host.run("ip", "link", "del", "wgboot")
    host.run("wg-quick", "up", "wgboot")
    require_state(host, INTERFACE)


def test_rules_of_others_survive_ours(host):
    install(host, INTERFACE)
    equal = ("not", "from", "all", "fwmark", "0xca6c", "priority", "1000", "table", "100", "protocol", "static")
    host.run("ip", "-4", "rule", "add", *equal)
    host.run("wg-quick", "up", "wgboot")
    require_state(host, INTERFACE)
    host.run("wg-quick", "down", "wgboot")
    assert [row["priority"] for row in rows(host, "-4", "rule", "show")] == [0, 1000, 32766, 32767]


def test_systemd_starts_at_boot_what_is_up(host):
    if not Path(UNIT).exists() or not shutil.which("systemctl"):
        pytest.skip("wg-quick has no systemd unit here")
    install(host, INTERFACE)
    install(host, replace(INTERFACE, name="wgdown", up=False))
    answers = [
        host.run("systemctl", "--root=/", "is-enabled", f"wg-quick@{name}.service", check=False).stdout
        for name in ("wgboot", "wgdown")
    ]
    assert answers == ["enabled\n", "disabled\n"]


# Inside the host: apply by the backend, let wg-quick take all down and up again, and compare what the backend reads.
APPLY_AND_BOOT = """
import subprocess, sys
from dataclasses import fields, replace
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.backend import LinuxBackend
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.planner import plan
from ansible_collections.wgfleet.wireguard.tests.lab.test_boot_files import INTERFACE, desired_of

def read():
    backend = LinuxBackend("wgboot")
    seen = backend.read()
    backend.close()
    return replace(seen, peers={key: peer._replace(current_endpoint=None) for key, peer in seen.peers.items()})

desired = desired_of(INTERFACE)
backend = LinuxBackend("wgboot")
backend.apply(plan(backend.read(), desired, backend.files))
applied = read()
for verb in ("down", "up"):
    subprocess.run(["wg-quick", verb, "wgboot"], check=True)
booted = read()
left = plan(booted, desired, backend.files)
differing = [each.name for each in fields(applied) if getattr(applied, each.name) != getattr(booted, each.name)]
sys.exit(f"differing {differing}, left to do {left}" if differing or left else 0)
"""


def test_what_stands_after_boot_is_what_the_backend_applied(host):
    collections = str(Path(__file__).resolve().parents[2] / ".ansible/collections")
    program = ("env", "PYTHONPATH=" + collections, sys.executable, "-c", APPLY_AND_BOOT)
    result = host.run(*program, check=False)
    assert result.returncode == 0, result.stderr
    require_state(host, INTERFACE)


def prepare_networkd(host: LoneHost) -> None:
    """Have on a host what systemd has ready before it starts systemd-networkd."""
    host.run("chmod", "755", "/etc/systemd/network")
    host.run("mount", "-o", "remount,ro", "/sys")  # how systemd knows that there is no udev to wait for
    host.run("mkdir", "-p", "/run/systemd/netif/links", "/run/systemd/netif/leases")
    host.run("chown", "-R", "systemd-network:systemd-network", "/run/systemd/netif")


@pytest.fixture
def networkd_host(host) -> LoneHost:
    if not Path(NETWORKD).exists():
        pytest.skip("systemd-networkd is not installed")
    install(host, NETWORKD_INTERFACE)
    prepare_networkd(host)
    return host


def networkd_log(host: LoneHost, until: str) -> str:
    """Start systemd-networkd and give what it says until a text appears."""
    host.run("sh", "-c", NETWORKD_UNTIL, "sh", NETWORKD, until)
    return host.run("cat", "/run/judge/log").stdout


def test_networkd_reads_the_device_without_complaint(networkd_host):
    """Whether it can make the device depends on the kernel, and is another test's matter."""
    log = networkd_log(networkd_host, "Enumeration completed")
    assert 'wgboot: loaded "wireguard"' in log
    # Where the kernel has WireGuard, it goes on to the link, and says by which file.
    taken = re.compile(r"wgboot: (found matching network '|Configuring with )/etc/systemd/network/50-wgfleet-wgboot")
    told = "\n".join(line for line in log.splitlines() if not taken.match(line))
    assert not re.search(r"50-wgfleet-wgboot|wgboot: .*(Ignoring|missing|without)", told), told


def link_by_networkd(host: LoneHost) -> str:
    """Have a device by wireguard-go in place of the one that systemd-networkd makes where the kernel has WireGuard."""
    host.run("rm", "/etc/systemd/network/50-wgfleet-wgboot.netdev")
    host.userspace("wgboot")
    return networkd_log(host, "wgboot: State changed: configuring -> configured")


def test_networkd_brings_up_addresses_routes_and_rules(networkd_host):
    log = link_by_networkd(networkd_host)
    assert "50-wgfleet-wgboot.network:" not in log
    require_link(networkd_host, NETWORKD_INTERFACE)


# Inside the host: what the backend sees of policy rules, and what it leaves of them with other files and without any.
RULES_OF_NETWORKD = """
import sys
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.backend import LinuxBackend
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface import desired as wanted
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.planner import plan
from ansible_collections.wgfleet.wireguard.tests.lab.test_boot_files import INTERFACE

def bring(**desired):
    backend = LinuxBackend("wgboot")
    seen = backend.read()
    steps = plan(seen, wanted.DesiredInterface("wgboot", **desired), backend.files)
    backend.apply(steps)
    backend.close()
    return seen.rules

for desired in ({"persist": "wg_quick"}, {"present": False}) if sys.argv[1] == "adopt" else ({"present": False},):
    assert bring(**desired) == INTERFACE.rules
"""


@pytest.mark.parametrize("way", ["adopt", "remove"])
def test_policy_rules_of_networkd_are_seen_as_ours_and_go_with_the_interface(networkd_host, way):
    before = [rows(networkd_host, family, "rule", "show") for family in ("-4", "-6")]
    link_by_networkd(networkd_host)
    assert len(rules(networkd_host, _STATIC)) == len(RULES)
    networkd_host.run("sh", "-c", "kill $(pidof systemd-networkd)")
    networkd_host.run("ip", "rule", "add", "priority", "4000", "table", "100", "protocol", "static")
    collections = str(Path(__file__).resolve().parents[2] / ".ansible/collections")
    program = ("env", "PYTHONPATH=" + collections, sys.executable, "-c", RULES_OF_NETWORKD, way)
    result = networkd_host.run(*program, check=False)
    assert result.returncode == 0, result.stderr
    networkd_host.run("ip", "rule", "del", "priority", "4000")  # that of someone else was not touched
    assert [rows(networkd_host, family, "rule", "show") for family in ("-4", "-6")] == before
