# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every property that only routers keep, through the options of the modules: set, kept, cleared, and kept so."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import Refused
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.interface_options import (
    desired_interface,
)
from ansible_collections.wgfleet.wireguard.tests.conformance.declarations import private_key, public_key
from ansible_collections.wgfleet.wireguard.tests.conformance.routers import run
from ansible_collections.wgfleet.wireguard.tests.conformance.targets import Target, simulated

# Of each: a value, how a router prints it, the value that clears it, and the first release that has it.
PEER_PROPERTIES: dict[str, tuple[Any, dict[str, str], Any, tuple[int, int]]] = {
    "comment": ("123", {"comment": "123"}, "", (7, 15)),
    "enabled": (False, {"disabled": "true"}, True, (7, 1)),
    "responder": (True, {"responder": "true"}, False, (7, 15)),
    "private_key": (private_key().reveal(), {}, "", (7, 12)),
    "client_address": (["10.0.0.2/24", "fd00::2/64"], {"client-address": "10.0.0.2/24,fd00::2/64"}, [], (7, 12)),
    "client_dns": (["10.0.0.1", "dns.example"], {"client-dns": "10.0.0.1,dns.example"}, [], (7, 12)),
    "client_endpoint": ("vpn.example", {"client-endpoint": "vpn.example"}, "", (7, 12)),
    "client_keepalive": (90, {"client-keepalive": "1m30s"}, 0, (7, 12)),
    "client_listen_port": (1234, {"client-listen-port": "1234"}, 0, (7, 12)),
    "client_allowed_address": (["10.0.0.0/8", "::/0"], {"client-allowed-address": "::/0,10.0.0.0/8"}, [], (7, 21)),
}
RELEASES = ("7.1", "7.12", "7.15", "7.16", "7.17", "7.21", "7.22.2", "7.24")
PRINTED_UNSET = ("--unconfirmed", "client-allowed-address=::/0")


def release_of(version: str) -> tuple[int, int]:
    major, minor = version.split(".")[:2]
    return int(major), int(minor)


def steps(router: Target, **options: Any) -> int:
    return len(run(router, desired_interface({"name": "wg0", **options})).steps)


def row(router: Target, key: str) -> dict[str, str]:
    [found] = [each for each in router.rows("/interface/wireguard/peers") if each.get("public-key") == key]
    return found


@pytest.mark.parametrize("doubts", [(), PRINTED_UNSET], ids=["", "doubtful"])
@pytest.mark.parametrize("version", RELEASES)
def test_each_property_of_a_peer_is_set_and_kept_and_cleared_and_kept(version: str, doubts: tuple[str, ...]) -> None:
    with simulated("--version", version, *doubts) as router:
        key = str(public_key())
        known = {"public_key": key, "allowed_ips": ["10.0.0.2/32"]}
        assert steps(router, peers=[known])
        for name, (value, printed, nothing, since) in PEER_PROPERTIES.items():
            if release_of(version) < since:
                continue
            assert steps(router, peers=[{**known, name: value}]) == 1, name
            assert steps(router, peers=[{**known, name: value}]) == 0, name
            shown = row(router, key)
            if name == "responder" and release_of(version) < (7, 17):
                printed = {"is-responder": "true"}
            assert {word: shown.get(word) for word in printed} == printed, name
            assert steps(router, peers=[{**known, name: nothing}]) == 1, name
            assert steps(router, peers=[{**known, name: nothing}]) == 0, name


@pytest.mark.parametrize("version", ["7.21", "7.24"])
def test_a_client_range_that_reads_as_one_never_set_is_none(version: str) -> None:
    for doubts in ((), PRINTED_UNSET):
        with simulated("--version", version, *doubts) as router:
            wanted = {
                "public_key": str(public_key()),
                "allowed_ips": ["10.0.0.2/32"],
                "client_allowed_address": ["::/0"],
            }
            assert steps(router, peers=[wanted])
            assert steps(router, peers=[wanted]) == 0


@pytest.mark.parametrize("version", RELEASES)
def test_each_property_of_an_interface_is_set_and_kept_and_cleared_and_kept(version: str) -> None:
    with simulated("--version", version) as router:
        steps(router)
        assert [steps(router, comment=text) for text in ("yes", "yes", "", "")] == [1, 0, 1, 0]
        if release_of(version) >= (7, 21):
            router.add("/ip/vrf", name="customer", interfaces="none")
            assert [steps(router, vrf=name) for name in ("customer", "customer", "main", "main")] == [1, 0, 1, 0]


@pytest.mark.simulator("--version", "7.22.2")
def test_a_vrf_that_is_not_there_is_told_before_anything_is_made(router: Target) -> None:
    if router.release < (7, 21):
        pytest.skip("not on a device of this release: it has no such property")
    with pytest.raises(Refused, match="input does not match any value of vrf"):
        steps(router, vrf="wgfleet-nowhere")
    assert "wg0" not in {each["name"] for each in router.rows("/interface/wireguard")}
