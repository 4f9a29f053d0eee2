# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kill switch as text, the record of a redirection, what of it stands at boot, and who has connected."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.boot.boot_files import files_for
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.default_route import kill_switch
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.default_route.connections import (
    decode_address,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.default_route.kill_switch import (
    Connection,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.default_route.record import (
    parse_redirection,
    render_redirection,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import DeviceError, PersistenceError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    Interface,
    KillSwitch,
    Redirection,
    Route,
    Rule,
    UplinkRoute,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import parse_prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import clamp

ANY, ENDPOINT, KEPT = map(parse_prefix, ("0.0.0.0/0", "198.51.2.1", "fd88::/64"))
OLD = UplinkRoute(
    ANY, "wan", "198.51.1.254", metric=100, source="198.51.1.2", onlink=True, protocol=16, metrics=(("mtu", 1400),)
)
DETOUR = UplinkRoute(ENDPOINT, "wan", "198.51.1.254")
SWITCH = KillSwitch(0xCA6C, frozenset({KEPT}))
REDIRECTION = Redirection(
    routes=frozenset({Route(ANY), Route(ANY, 51820, 7)}),
    rules=frozenset({Rule(4, 5183, 51820, source=ENDPOINT), Rule(6, 5184, 254, suppress_prefixlength=0)}),
    fwmark=51820,
    detours=frozenset({DETOUR}),
    displaced=frozenset({OLD}),
    switches=frozenset({"net.a"}),
    kill_switch=SWITCH,
)
INTERFACE = Interface(
    "wg0",
    private_key=clamp(bytes(32)),
    up=True,
    routes=frozenset({Route(ANY)}),
    persist="wg_quick",
    recorded=REDIRECTION,
    detours=REDIRECTION.detours,
    displaced=REDIRECTION.displaced,
    switches=REDIRECTION.switches,
    kill_switch=SWITCH,
)
QUICK_UNIT = "/lib/systemd/system/wg-quick@.service"


@pytest.mark.parametrize("redirection", [REDIRECTION, Redirection()])
def test_a_record_tells_all_of_a_redirection(redirection: Redirection) -> None:
    assert parse_redirection(render_redirection(redirection), "/r") == redirection


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2}', '{"format": 1, "routes": [{"table": 1}]}'])
def test_a_record_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(PersistenceError, match="/r"):
        parse_redirection(text, "/r")


def listing(text: str) -> str:
    """What `nft -j list table` makes of our text, as far as we look at it."""
    objects: list[dict[str, Any]] = [{"metainfo": {}}, {"table": {}}]
    chain = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("chain"):
            chain = line.split()[1]
        elif line.startswith("type filter"):
            objects.append({"chain": {"name": chain, "hook": line.split()[3], "policy": "drop"}})
        elif " comment " in line:
            objects.append({"rule": {"chain": chain, "comment": line.split('"')[-2]}})
    return json.dumps({"nftables": objects})


def test_a_kill_switch_is_found_as_it_was_made() -> None:
    text = kill_switch.render("wg0", SWITCH)
    assert kill_switch.found(listing(text)) == kill_switch.expected("wg0", SWITCH)


def test_a_chain_with_another_policy_is_no_kill_switch() -> None:
    told = listing(kill_switch.render("wg0", SWITCH)).replace('"drop"', '"accept"')
    assert kill_switch.found(told) != kill_switch.expected("wg0", SWITCH)


@pytest.mark.parametrize(
    "other", [KillSwitch(1, SWITCH.keep), KillSwitch(0xCA6C), KillSwitch(0xCA6C, frozenset({ANY}))]
)
def test_another_mark_or_prefix_is_another_kill_switch(other: KillSwitch) -> None:
    assert kill_switch.expected("wg0", other) != kill_switch.expected("wg0", SWITCH)


def test_a_rule_that_is_missing_is_missed() -> None:
    objects = json.loads(listing(kill_switch.render("wg0", SWITCH)))["nftables"]
    for index, entry in enumerate(objects):
        if "rule" in entry:
            rest = json.dumps({"nftables": objects[:index] + objects[index + 1 :]})
            assert kill_switch.found(rest) != kill_switch.expected("wg0", SWITCH)


def test_connections_that_are_open_stay_so_by_address_and_ports() -> None:
    held = [Connection(4, "203.0.113.10", 40000, 22), Connection(6, "2001:db8::1", 40001, 22)]
    text = kill_switch.render("wg0", SWITCH, held)
    assert "elements = { 203.0.113.10 . 40000 . 22 }" in text
    assert "elements = { 2001:db8::1 . 40001 . 22 }" in text
    assert "elements" not in kill_switch.render("wg0", SWITCH)


@pytest.mark.parametrize("name", ["wg*", 'w"g', "w g", "wg\\0"])
def test_a_name_that_is_a_pattern_is_refused(name: str) -> None:
    with pytest.raises(DeviceError, match="no kill switch"):
        kill_switch.render(name, SWITCH)


@pytest.mark.parametrize(
    ("text", "order", "address"),
    [
        ("0A7100CB", "little", "203.0.113.10"),
        ("CB00710A", "big", "203.0.113.10"),
        ("0000000000000000FFFF00000A7100CB", "little", "203.0.113.10"),
        ("B80D0120000000000000000001000000", "little", "2001:db8::1"),
        ("20010DB8000000000000000000000001", "big", "2001:db8::1"),
    ],
)
def test_addresses_of_connections_are_words_of_the_host(text: str, order: str, address: str) -> None:
    assert decode_address(text, order) == address


def lines_of(interface: Interface, key: str) -> list[str]:
    text = files_for(interface, QUICK_UNIT)["/etc/wireguard/wg0.conf"].content.reveal()
    return [line.partition(" = ")[2] for line in text.splitlines() if line.startswith(key)]


def test_wg_quick_goes_around_before_it_goes_through_and_puts_back_before_it_goes() -> None:
    old = "0.0.0.0/0 via 198.51.1.254 dev wan onlink src 198.51.1.2 metric 100 mtu 1400 proto 16"
    around = "198.51.2.1/32 via 198.51.1.254 dev wan proto 87"
    assert lines_of(INTERFACE, "PreUp") == ["nft -f /etc/wireguard/wg0.kill-switch.nft"]
    assert lines_of(INTERFACE, "PostUp") == [
        f"ip -4 route replace {around}",
        "ip -4 route replace 0.0.0.0/0 dev %i proto 87",
        f"ip -4 route del {old} 2>/dev/null || true",
    ]
    assert lines_of(INTERFACE, "PreDown") == [f"ip -4 route add {old} 2>/dev/null || true"]
    assert lines_of(INTERFACE, "PostDown") == [f"ip -4 route del {around} 2>/dev/null || true"]


def test_wg_quick_puts_a_route_back_into_the_place_of_ours() -> None:
    displaced = frozenset({OLD._replace(metric=0)})
    assert lines_of(replace(INTERFACE, displaced=displaced), "PreDown")[0].startswith("ip -4 route replace")


def test_a_kill_switch_is_in_force_at_boot_before_the_network() -> None:
    files = files_for(INTERFACE, QUICK_UNIT)
    unit = files["/etc/systemd/system/wgfleet-kill-switch-wg0.service"].content.reveal()
    link = files["/etc/systemd/system/sysinit.target.wants/wgfleet-kill-switch-wg0.service"]
    assert (link.link, link.content.reveal()) == (True, "/etc/systemd/system/wgfleet-kill-switch-wg0.service")
    assert "Before=network-pre.target" in unit
    assert "Wants=network-pre.target" in unit
    assert "After=nftables.service" in unit
    assert files["/etc/wireguard/wg0.kill-switch.nft"].content.reveal().endswith(kill_switch.render("wg0", SWITCH))
    assert "net.a = 1" in files["/etc/sysctl.d/61-wgfleet-default-route-wg0.conf"].content.reveal()


def test_a_kill_switch_comes_back_whenever_nftables_throws_it_away_and_keeps_what_the_kernel_has() -> None:
    files = files_for(INTERFACE, QUICK_UNIT)
    path = "/etc/systemd/system/wgfleet-kill-switch-wg0.service"
    unit = files[path].content.reveal()
    for line in ("PartOf=nftables.service", "ReloadPropagatedFrom=nftables.service", "WantedBy=sysinit.target"):
        assert f"\n{line}" in unit
    assert files["/etc/systemd/system/nftables.service.wants/wgfleet-kill-switch-wg0.service"].content.reveal() == path
    commands = [line.partition("=")[2] for line in unit.splitlines() if line.startswith("Exec")]
    assert len(commands) == 2
    assert all("list table inet wgfleet_kill_switch_wg0 >/dev/null 2>&1 || exec" in command for command in commands)


def test_services_have_ended_before_nftables_throws_a_kill_switch_away_at_shutdown() -> None:
    unit = files_for(INTERFACE, QUICK_UNIT)["/etc/systemd/system/wgfleet-kill-switch-wg0.service"].content.reveal()
    (before,) = (line for line in unit.splitlines() if line.startswith("Before="))
    assert "sysinit.target" in before
    assert "Conflicts=shutdown.target" in unit


def test_units_and_switches_are_for_everyone_to_read_and_nothing_else_is() -> None:
    modes = {path: file.mode for path, file in files_for(INTERFACE, QUICK_UNIT).items() if not file.link}
    open_to_all = {path for path, mode in modes.items() if mode == 0o644}
    assert open_to_all == {
        "/etc/systemd/system/wgfleet-kill-switch-wg0.service",
        "/etc/sysctl.d/61-wgfleet-default-route-wg0.conf",
    }
    assert set(modes.values()) == {0o600, 0o644}


def test_nothing_persists_of_what_shall_not() -> None:
    assert list(files_for(replace(INTERFACE, persist="none"), QUICK_UNIT)) == ["/var/lib/wgfleet/wg0.json"]


def test_networkd_is_refused_what_it_cannot_keep() -> None:
    with pytest.raises(PersistenceError, match="use persist wg_quick"):
        files_for(replace(INTERFACE, persist="networkd"), QUICK_UNIT)


def test_networkd_keeps_a_redirection_that_is_of_its_own_link_and_its_kill_switch() -> None:
    own = replace(INTERFACE, persist="networkd", detours=frozenset(), displaced=frozenset())
    files = files_for(own, None)
    assert "/etc/systemd/system/sysinit.target.wants/wgfleet-kill-switch-wg0.service" in files
    assert "/etc/sysctl.d/61-wgfleet-default-route-wg0.conf" in files
