# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The switches of a host, its files and its record, in a directory that stands for the host's root."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux import systemd
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway import gateway as module
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.files import neighbours_in
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.gateway import LinuxGateway
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.switches import GatewayError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.sysctl_files import (
    boot_order,
    interface_switch,
    parse,
    path_of,
    render,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import DeviceError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.forwarding import (
    IPV6_SWITCH,
    SWITCHES,
    plan_forwarding,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.gateway import plan_gateway
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.options import Needs
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import (
    FilterRule,
    Handle,
    ProxyNdp,
)

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="files of a host belong to root")

IPV4 = SWITCHES["ipv4"]
VLAN = "net.ipv6.conf.wan/7.accept_ra"
ROUTES = (
    f"{0:032x} 00 {0:032x} 00 fe80{1:028x} 00000400 00000001 00000000 00450003   wan.7\n"
    f"{0:032x} 00 {0:032x} 00 fe80{1:028x} 00000400 00000001 00000000 00000003     lan\n"
    f"fd00{0:028x} 40 {0:032x} 00 {0:032x} 00000100 00000001 00000000 00040001     lan\n"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path, "proc/net/ipv6_route", ROUTES)
    for switch, value in ((IPV4, 0), (IPV6_SWITCH, 0), (VLAN, 1), ("net.ipv6.conf.lan.accept_ra", 1)):
        write(tmp_path, "proc/sys/" + path_of(switch), f"{value}\n")
    return tmp_path


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8")


def value(root: Path, switch: str) -> str:
    return (root / "proc/sys" / path_of(switch)).read_text(encoding="utf-8").strip()


def files(root: Path) -> dict[str, str]:
    """All that stands below the root, but for the record's and other empty directories."""
    return {str(path.relative_to(root)): path.read_text(encoding="utf-8") for path in root.rglob("*") if path.is_file()}


def run(gateway: LinuxGateway, *families: str, user: str = "corp") -> int:
    return gateway.apply(plan_forwarding(gateway.read().forwarding, user, families))


def test_switches_files_and_record_follow_the_steps_and_go_again(root: Path) -> None:
    before = files(root)
    gateway = LinuxGateway(root=str(root))
    assert run(gateway, "ipv4", "ipv6") == 5
    assert (value(root, IPV4), value(root, IPV6_SWITCH), value(root, VLAN)) == ("1", "1", "2")
    assert value(root, "net.ipv6.conf.lan.accept_ra") == "1"
    kept = parse((root / "etc/sysctl.d/60-wgfleet-corp.conf").read_text(encoding="utf-8"))
    assert kept == {IPV4: "1", IPV6_SWITCH: "1", VLAN: "2"}
    assert run(gateway, "ipv4", "ipv6") == 0
    assert run(gateway) == 5
    assert files(root) == before


def test_a_file_that_cannot_be_written_changes_nothing(root: Path) -> None:
    write(root, "etc/sysctl.d", "a file where a directory should be")
    before = files(root)
    with pytest.raises(DeviceError, match="cannot write"):
        run(LinuxGateway(root=str(root)), "ipv4")
    assert files(root) == before


@pytest.mark.parametrize("missing", [IPV4, IPV6_SWITCH])
def test_a_host_without_the_switch_is_told_apart_before_any_write(root: Path, missing: str) -> None:
    (root / "proc/sys" / path_of(missing)).unlink()
    before = files(root)
    with pytest.raises(GatewayError, match="cannot forward: its kernel has no"):
        run(LinuxGateway(root=str(root)), "ipv4", "ipv6")
    assert files(root) == before


@pytest.mark.parametrize(("families", "places"), [(("ipv4",), []), (("ipv4", "ipv6"), ["forwarding"])])
def test_a_check_tells_what_cannot_be_forwarded_and_not_what_is_on(
    root: Path, families: tuple[str, ...], places: list[str]
) -> None:
    write(root, "proc/sys/" + path_of(IPV4), "1\n")
    (root / "proc/sys" / path_of(IPV6_SWITCH)).unlink()
    refusals = LinuxGateway(root=str(root)).refusals(Needs(families=families))
    assert [problem.place for problem in refusals] == places
    assert all("cannot forward: its kernel has no" in problem.message for problem in refusals)


def test_a_damaged_record_is_an_error(root: Path) -> None:
    write(root, "var/lib/wgfleet/forwarding.json", "[]")
    with pytest.raises(GatewayError, match="is damaged"):
        LinuxGateway(root=str(root)).read()


class DyingGateway(LinuxGateway):
    """Dies before a write."""

    def __init__(self, root: str, survived: int, name: str = "") -> None:
        super().__init__(name, root)
        self._left = survived

    def _write(self, write: Callable[[], None]) -> None:
        if not self._left:
            raise KeyboardInterrupt
        self._left -= 1
        write()


@pytest.mark.parametrize("survived", range(5))
@pytest.mark.parametrize("families", [("ipv4", "ipv6"), ()], ids=["on", "off"])
def test_a_run_that_died_between_two_writes_is_made_good(root: Path, families: Any, survived: int) -> None:
    before = files(root)
    gateway = LinuxGateway(root=str(root))
    if not families:
        run(gateway, "ipv4", "ipv6")
    with pytest.raises(KeyboardInterrupt):
        run(DyingGateway(str(root), survived), *families)
    run(gateway, *families)
    assert run(gateway, *families) == 0
    run(gateway)
    assert files(root) == before


NEIGHBOURS = frozenset([ProxyNdp("lan", "fd00::2"), ProxyNdp("lan", "fd00::3")])


def answer(gateway: LinuxGateway, neighbours: frozenset[ProxyNdp]) -> int:
    """Let a gateway answer for these neighbours and no others."""
    observed = gateway.read()
    needed = gateway.adapt(Needs(proxy_ndp=neighbours))
    return gateway.apply(plan_gateway(observed, "corp", needed, gateway.wall_of))


@pytest.fixture
def there(root: Path, monkeypatch: pytest.MonkeyPatch) -> set[ProxyNdp]:
    """The neighbours for which the host answers."""
    write(root, "proc/sys/net/ipv6/conf/lan/proxy_ndp", "0\n")
    there: set[ProxyNdp] = set()

    def read_neighbours(user: str, script: str) -> list[FilterRule]:
        return [FilterRule(Handle("", 6, each.address), user, each) for each in neighbours_in(script) & there]

    for name, function in (
        ("read_neighbours", read_neighbours),
        ("add_neighbour", there.add),
        ("remove_neighbour", there.remove),
    ):
        monkeypatch.setattr(module, name, function)
    return there


@pytest.mark.parametrize("survived", range(6))
@pytest.mark.parametrize("others", [frozenset(), NEIGHBOURS], ids=["on", "off"])
def test_a_neighbour_of_a_run_that_died_is_nobodys_orphan(
    root: Path, there: set[ProxyNdp], others: frozenset[ProxyNdp], survived: int
) -> None:
    before, gateway = files(root), LinuxGateway("corp", str(root))
    answer(gateway, others)
    with pytest.raises(KeyboardInterrupt):
        answer(DyingGateway(str(root), survived, "corp"), NEIGHBOURS - others)
    # Whoever comes next wants none of it, and knows of it by what the dead run has left in files.
    answer(gateway, frozenset())
    assert (there, files(root)) == (set(), before)
    assert answer(gateway, frozenset()) == 0


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize("survived", range(3))
def test_a_unit_that_a_run_that_died_has_not_started_is_started_by_the_next(
    root: Path, monkeypatch: pytest.MonkeyPatch, survived: int
) -> None:
    write(root, "lib/systemd/systemd", "")
    write(root, "run/systemd/system/a", "")
    started: list[str] = []
    told: list[str] = []

    def systemctl(*words: str) -> None:
        if len(told) == survived:
            raise KeyboardInterrupt
        told.append(words[0])
        started.extend(words[1:])

    def shown(words: list[str], may_fail: bool) -> str:
        assert may_fail
        state = "active" if words[-1] in started else "inactive"
        return f"ActiveState={state}\nNeedDaemonReload=no\n"

    monkeypatch.setattr(module, "systemctl", systemctl)
    monkeypatch.setattr(systemd, "run_program", shown)
    gateway = LinuxGateway("corp", str(root))
    with pytest.raises(KeyboardInterrupt):
        answer(gateway, NEIGHBOURS)
    survived = 99
    assert answer(gateway, NEIGHBOURS) > 0
    assert set(started) == {"wgfleet-gateway-corp.service", "wgfleet-neighbours-corp.service"}
    assert answer(gateway, NEIGHBOURS) == 0


@pytest.mark.parametrize(
    "path", ["etc/sysctl.conf", "etc/sysctl.d/10-a.conf", "usr/lib/sysctl.d/99-z.conf", "run/sysctl.d/60-wgfleet.conf"]
)
@pytest.mark.parametrize("text", ["net.ipv4.ip_forward=1", "-net/ipv4/conf/all/forwarding = 1"])
def test_what_a_file_of_others_turns_on_is_left_on(root: Path, path: str, text: str) -> None:
    gateway = LinuxGateway(root=str(root))
    run(gateway, "ipv4")
    write(root, path, f"# theirs\n{text}\n")
    assert run(gateway) == 2
    assert value(root, IPV4) == "1"


def test_a_file_of_others_that_turns_it_off_after_ours_is_found(root: Path) -> None:
    gateway = LinuxGateway(root=str(root))
    run(gateway, "ipv4")
    write(root, "etc/sysctl.d/10-early.conf", "net.ipv4.ip_forward=0\n")
    assert gateway.overruled("corp") == {}
    write(root, "etc/sysctl.d/90-late.conf", "net.ipv4.ip_forward=0\n")
    assert gateway.overruled("corp") == {IPV4: "etc/sysctl.d/90-late.conf"}
    assert gateway.overruled("guests") == {}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}),
        ("# a.b = 1\n; a.b = 2\n\nnonsense\n", {}),
        ("a.b=1\n a.b = 2 \n", {"a.b": "2"}),
        ("-a/b.7/c = 1", {"a.b/7.c": "1"}),
        ("a.b/7.c = 1", {"a.b/7.c": "1"}),
    ],
)
def test_lines_of_a_file_are_read_as_sysctl_reads_them(text: str, values: dict[str, str]) -> None:
    assert parse(text) == values


def test_what_is_rendered_is_parsed_again() -> None:
    switch = interface_switch("wan.7", ".accept_ra")
    assert (switch, path_of(switch)) == (VLAN, "net/ipv6/conf/wan.7/accept_ra")
    assert parse(render("a comment", {switch: 2})) == {switch: "2"}


def test_a_file_hides_one_of_the_same_name_and_the_last_name_counts() -> None:
    found = [("etc/sysctl.d", "50-b.conf"), ("usr/lib/sysctl.d", "50-b.conf"), ("usr/lib/sysctl.d", "10-a.conf")]
    assert boot_order(found) == ["usr/lib/sysctl.d/10-a.conf", "etc/sysctl.d/50-b.conf"]
