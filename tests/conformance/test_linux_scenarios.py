# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scenarios of Linux alone: policy rules, network namespaces, files, others on the same host, and refusals."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.backend import LinuxBackend
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.preflight import UnknownHost
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    DeviceError,
    NoPrivilege,
    NoWireguard,
    PersistenceError,
    WrongKind,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import (
    DesiredInterface,
    DesiredPeer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Rule
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.planner import plan
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import RemoveRoute
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Endpoint, parse_prefix
from ansible_collections.wgfleet.wireguard.tests.conformance import judge
from ansible_collections.wgfleet.wireguard.tests.conformance.benches import LinuxBench
from ansible_collections.wgfleet.wireguard.tests.conformance.declarations import (
    addresses,
    apply,
    converge,
    in_child,
    interface,
    peer,
    routes,
)
from ansible_collections.wgfleet.wireguard.tests.conformance.judge import Shown, ip, run

RULES = frozenset(
    {
        Rule(4, 100, 51820, fwmark=7, invert=True),
        Rule(4, 101, 254, suppress_prefixlength=0),
        Rule(6, 102, 200, source=parse_prefix("fd01::/64"), destination=parse_prefix("fd02::/64")),
    }
)


def shown(bench: LinuxBench) -> Shown:
    """Give what the judge says of an interface that is there."""
    seen = bench.shown()
    assert seen is not None
    return seen


def priorities(version: int) -> set[int]:
    """Give the priorities of the rules that are there, without those of every host."""
    return {row["priority"] for row in ip(f"-{version}", "rule", "show")} - {0, 32766, 32767}


def foreign_routes() -> list[Any]:
    """Give the IPv4 routes through wg0 that neither we nor the kernel made, in all tables."""
    rows = ip("-4", "route", "show", "table", "all", "dev", "wg0")
    return sorted((row for row in rows if row["protocol"] not in ("87", "kernel")), key=lambda row: str(row["dst"]))


def test_rules_are_added_changed_and_removed_with_the_interface(linux: LinuxBench) -> None:
    converge(linux, interface(rules=RULES))
    assert (priorities(4), priorities(6)) == ({100, 101}, {102})
    converge(linux, DesiredInterface("wg0", rules=frozenset({Rule(4, 103, 51820)})))
    assert (priorities(4), priorities(6)) == ({103}, set())
    converge(linux, DesiredInterface("wg0", present=False))
    assert priorities(4) == set()


def test_the_mark_is_set_left_alone_and_taken_away(linux: LinuxBench) -> None:
    start = interface(listen_port=51820, fwmark=7)
    converge(linux, start)
    converge(linux, DesiredInterface("wg0", listen_port=51821))
    assert shown(linux).fwmark == 7
    converge(linux, DesiredInterface("wg0", fwmark=0))
    assert (shown(linux).fwmark, shown(linux).listen_port) == (0, 51821)


def test_rules_of_another_interface_stay(linux: LinuxBench) -> None:
    run("ip", "rule", "add", "priority", "99", "table", "7")
    converge(linux, interface(rules=RULES))
    converge(linux, replace(interface(rules=frozenset({Rule(4, 104, 9)})), name="wg1"))
    converge(linux, DesiredInterface("wg0", present=False))
    assert priorities(4) == {99, 104}


def test_rules_outlive_the_interface_and_are_taken_up_again(linux: LinuxBench) -> None:
    wanted = interface(rules=RULES)
    converge(linux, wanted)
    run("ip", "link", "delete", "wg0")
    converge(linux, wanted)
    assert (priorities(4), priorities(6)) == ({100, 101}, {102})


def test_routes_of_others_are_untouched(linux: LinuxBench) -> None:
    converge(linux, interface(routes=routes("10.1.0.0/16")))
    run("ip", "route", "add", "10.7.0.0/16", "dev", "wg0")
    run("ip", "route", "add", "10.8.0.0/16", "dev", "lo")
    converge(linux, DesiredInterface("wg0", routes=routes("10.1.0.0/16", table=51820)))
    assert shown(linux).routes == {("10.1.0.0/16", 51820, 0)}
    assert {row["dst"] for row in ip("-4", "route", "show")} == {"10.7.0.0/16", "10.8.0.0/16"}


def test_a_changed_address_takes_no_route_of_others_with_it(linux: LinuxBench) -> None:
    converge(linux, interface(addresses=addresses("10.0.0.1/24"), routes=routes("10.1.0.0/16")))
    others = (
        ("default", "table", "51821", "proto", "88"),
        ("10.7.0.0/16", "proto", "static", "metric", "7", "mtu", "1300"),
        ("10.8.0.0/16", "via", "10.0.0.9"),
        ("10.9.0.0/16", "src", "10.0.0.1"),
    )
    for words in others:
        run("ip", "route", "add", words[0], "dev", "wg0", *words[1:])
    before = foreign_routes()
    tied = "10.9.0.0/16"  # to the address itself
    for wanted in ("10.0.0.2/24", "10.0.0.2/25", "10.0.0.3/25"):
        converge(linux, interface(addresses=addresses(wanted), routes=routes("10.1.0.0/16")))
        assert foreign_routes() == [row for row in before if row["dst"] != tied]
        assert shown(linux).routes == {("10.1.0.0/16", 254, 0)}


def test_a_route_that_is_gone_already_takes_no_other_with_it(linux: LinuxBench) -> None:
    converge(linux, interface(routes=routes("10.1.0.0/16", metric=7)))
    gone = RemoveRoute(*routes("10.1.0.0/16"))
    with contextlib.closing(linux.open()) as backend:
        backend.apply([gone])
    assert shown(linux).routes == {("10.1.0.0/16", 254, 7)}


def test_a_foreign_route_in_the_way_is_named_and_nothing_is_written(linux: LinuxBench) -> None:
    run("ip", "route", "add", "10.8.0.0/16", "dev", "lo")
    with pytest.raises(DeviceError, match=r"10\.8\.0\.0/16 table 254 exists"):
        apply(linux, interface(routes=routes("10.8.0.0/16")))
    assert linux.shown() is None


def test_a_route_that_the_address_brings_becomes_ours(linux: LinuxBench) -> None:
    converge(linux, interface(addresses=addresses("10.0.0.1/24"), routes=routes("10.0.0.0/24")))
    assert shown(linux).routes == {("10.0.0.0/24", 254, 0)}


def test_an_interface_lives_in_another_namespace_and_its_socket_here(linux: LinuxBench) -> None:
    run("ip", "netns", "add", "inner")
    linux.netns = "inner"
    wanted = interface(
        peer("10.1.0.0/16", endpoint="192.0.2.1:1000"),
        listen_port=51820,
        addresses=addresses("10.0.0.1/24"),
        routes=routes("10.1.0.0/16", "fd01::/64"),
        rules=RULES,
    )
    converge(linux, wanted)
    assert shown(linux).routes == {("10.1.0.0/16", 254, 0), ("fd01::/64", 254, 0)}
    assert not judge.exists("wg0")
    assert ":51820" in run("ss", "-Huln")
    assert ":51820" not in run("ip", "netns", "exec", "inner", "ss", "-Huln")
    assert priorities(4) == set()
    assert {row["priority"] for row in ip("-4", "rule", "show", netns="inner")} >= {100, 101}
    converge(linux, DesiredInterface("wg0", present=False))
    assert linux.shown() is None


def test_a_missing_namespace_is_named(linux: LinuxBench) -> None:
    linux.netns = "nowhere"
    with pytest.raises(DeviceError, match="no network namespace nowhere"):
        apply(linux, interface())


@pytest.mark.parametrize("persist", ["wg_quick", "networkd"])
def test_files_follow_the_state_and_go_with_the_interface(linux: LinuxBench, persist: str) -> None:
    if persist == "networkd" and "systemd-network" not in Path("/etc/passwd").read_text(encoding="utf-8"):
        pytest.skip("this host has no user systemd-network")
    start = interface(peer("10.1.0.0/16", name="site"), listen_port=51820, persist=persist)
    converge(linux, start)
    boot = [path for path in linux.root.rglob("*wg0*") if path.suffix != ".json"]
    assert boot
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in boot)
    before = {path: path.read_text(encoding="utf-8") for path in boot}
    converge(linux, replace(start, mtu=1380))
    assert {path: path.read_text(encoding="utf-8") for path in boot} != before
    converge(linux, DesiredInterface("wg0", persist="none"))
    assert not any(path.exists() for path in boot)
    converge(linux, replace(start, present=False))
    assert [path for path in linux.root.rglob("*") if path.is_file()] == []


def test_a_file_that_cannot_be_written_changes_nothing_live(linux: LinuxBench) -> None:
    start = interface(listen_port=51820)
    converge(linux, start)
    before = shown(linux)
    (linux.root / "etc").write_text("in the way", encoding="utf-8")
    with pytest.raises(PersistenceError):
        apply(linux, replace(start, mtu=1380, persist="wg_quick"))
    assert shown(linux) == before


def test_a_peer_that_someone_made_anew_gets_its_endpoint_back(linux: LinuxBench) -> None:
    known = peer("10.0.0.2/32", endpoint="192.0.2.1:1000")
    wanted = interface(known)
    converge(linux, wanted)
    run("wg", "set", "wg0", "peer", str(known.public_key), "remove")
    run("wg", "set", "wg0", "peer", str(known.public_key), "allowed-ips", "10.0.0.2/32")
    converge(linux, wanted)
    assert shown(linux).peers[str(known.public_key)].endpoint == "192.0.2.1:1000"


def test_a_host_name_is_resolved_when_it_is_set_and_remembered_as_declared(linux: LinuxBench) -> None:
    known = peer("10.0.0.2/32")._replace(endpoint=Endpoint("localhost", 1000))
    converge(linux, interface(known))
    assert shown(linux).peers[str(known.public_key)].endpoint in ("127.0.0.1:1000", "[::1]:1000")


def test_a_host_name_without_address_is_named_and_nothing_is_written(linux: LinuxBench) -> None:
    lost = peer("10.0.0.2/32")._replace(endpoint=Endpoint("nowhere.invalid", 1000))
    with pytest.raises(UnknownHost, match=r"nowhere\.invalid"):
        apply(linux, interface(lost))
    assert linux.shown() is None


def test_a_port_in_use_is_named_and_nothing_is_written(linux: LinuxBench) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 51820))
        with pytest.raises(DeviceError, match="UDP port 51820 is in use"):
            apply(linux, interface(listen_port=51820))
    assert linux.shown() is None


@pytest.mark.parametrize(
    "command", [("link", "add", "wg0", "type", "veth", "peer", "name", "far"), ("tuntap", "add", "wg0", "mode", "tun")]
)
def test_an_interface_of_another_kind_is_refused(linux: LinuxBench, command: tuple[str, ...]) -> None:
    run("ip", *command)
    before = ip("link", "show", "dev", "wg0")
    with pytest.raises(WrongKind, match="wg0 exists and is no WireGuard interface"):
        apply(linux, interface())
    assert ip("link", "show", "dev", "wg0") == before


def test_without_any_wireguard_nothing_is_written(linux: LinuxBench) -> None:
    backend = LinuxBackend("wg0", None, "userspace", "no-such-program", str(linux.root))
    with contextlib.closing(backend), pytest.raises(NoWireguard, match="no-such-program is not installed"):
        backend.apply(plan(backend.read(), interface(), backend.files))
    assert linux.shown() is None
    assert list(linux.root.iterdir()) == []


def test_without_privilege_nothing_is_written(linux: LinuxBench) -> None:
    with contextlib.closing(linux.open()) as backend:
        steps = plan(backend.read(), interface(), backend.files)
        assert in_child(lambda: _expects_no_privilege(backend, steps)) == 0
    assert linux.shown() is None


def _expects_no_privilege(backend: LinuxBackend, steps: Any) -> None:
    os.setuid(65534)
    with pytest.raises(NoPrivilege):
        backend.apply(steps)


def test_a_device_whose_program_died_is_made_anew(linux: LinuxBench) -> None:
    if linux.implementation == "kernel":
        pytest.skip("the kernel does not die alone")
    wanted = interface(peer("10.1.0.0/16"), listen_port=51820, addresses=addresses("10.0.0.1/24"))
    converge(linux, wanted)
    before = shown(linux)
    here = os.readlink("/proc/thread-self/ns/net")
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if b"wireguard-go" in (process / "cmdline").read_bytes() and os.readlink(process / "ns/net") == here:
                os.kill(int(process.name), signal.SIGKILL)
    while judge.exists("wg0"):
        pass
    with contextlib.closing(linux.open(sealed=True)) as sealed:
        assert not sealed.read().exists
    converge(linux, wanted)
    assert shown(linux) == before


def test_everything_is_known_to_the_backend(linux: LinuxBench) -> None:
    with contextlib.closing(linux.open()) as backend:
        assert {"persist", "rules", "fwmark", "routes", "persistent_keepalive"} <= backend.capabilities()


def test_an_interface_that_others_made_is_taken_over_as_it_is(linux: LinuxBench) -> None:
    converge(linux, interface(peer("10.1.0.0/16")))
    for path in [path for path in linux.root.rglob("*") if path.is_file()]:
        path.unlink()
    before = shown(linux)
    stranger = next(iter(before.peers))
    converge(linux, DesiredInterface("wg0", peers=(peer("10.2.0.0/16"),), routes=routes("10.2.0.0/16")))
    assert shown(linux).peers[stranger] == before.peers[stranger]
    assert shown(linux).private_key == before.private_key


def test_no_descriptor_stays_open(linux: LinuxBench) -> None:
    nobody = DesiredPeer(peer().public_key, present=False)
    converge(linux, interface())

    def cycle() -> int:
        apply(linux, DesiredInterface("wg0", mtu=1380, peers=(nobody,)))
        return len(os.listdir("/proc/self/fd"))

    assert cycle() == cycle()
