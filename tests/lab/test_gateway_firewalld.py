# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Zones of firewalld: whose the interface of a tunnel is, what its zone lets through, and what a reload would cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.lab.firewalls import rules, start_firewalld
from ansible_collections.wgfleet.wireguard.tests.lab.gateway_site import GATEWAY, SITE, Site, serving
from ansible_collections.wgfleet.wireguard.tests.lab.laboratory import Lab, Playbooks

SSH, DNS, WEB = 22, 53, 80
NEEDS: dict[str, Any] = {"serve_dns": [{"source": "10.9.0.0/24", "interface": "wg0"}]}
INSIDE = "10.9.0.1"


@pytest.fixture
def site(lab: Callable[..., Lab], playbooks: Playbooks) -> Iterator[Site]:
    built = lab(SITE)
    with serving(built, GATEWAY, SSH), serving(built, GATEWAY, DNS), serving(built, GATEWAY, WEB):
        start_firewalld(built, GATEWAY)
        yield Site(built, playbooks)


def zone(site: Site) -> str:
    """The zone of the tunnel's interface, "" for none."""
    return site.run("firewall-cmd", "--get-zone-of-interface=wg0", check=False).strip()


def open_to_the_tunnel(site: Site) -> set[int]:
    return {port for port in (SSH, DNS, WEB) if site.seen(INSIDE, port)}


def test_a_zone_of_ours_lets_through_what_the_default_zone_does_and_is_shared_and_mended(site: Site) -> None:
    before = rules(site.lab, GATEWAY)
    assert (zone(site), open_to_the_tunnel(site)) == ("", {SSH})
    site.gateway(**NEEDS)
    own = zone(site)
    assert (own[:4], open_to_the_tunnel(site)) == ("wgf-", {SSH, DNS})
    site.gateway("guests", **NEEDS)
    assert site.gateway(state="absent")["changed"] is True
    assert (zone(site), open_to_the_tunnel(site)) == (own, {SSH, DNS})
    assert site.gateway("guests", **NEEDS)["writes"] == 0
    site.run("firewall-cmd", f"--zone={own}", "--remove-interface=wg0")
    assert (zone(site), open_to_the_tunnel(site)) == ("", {SSH})
    assert site.gateway("guests", **NEEDS)["changed"] is True
    assert (zone(site), open_to_the_tunnel(site)) == (own, {SSH, DNS})
    assert site.gateway("guests", **NEEDS)["writes"] == 0
    site.gateway("guests", state="absent")
    assert (zone(site), rules(site.lab, GATEWAY), site.left()) == ("", before, "")


def test_an_interface_in_a_zone_of_someone_stays_there_and_that_zone_is_opened(site: Site) -> None:
    site.run("firewall-cmd", "--permanent", "--zone=dmz", "--add-interface=wg0")
    site.run("firewall-cmd", "--reload")
    before = rules(site.lab, GATEWAY)
    site.gateway(**NEEDS)
    assert (zone(site), open_to_the_tunnel(site)) == ("dmz", {SSH, DNS})
    assert "/etc/firewalld/zones/" not in site.left()
    assert site.gateway(**NEEDS)["writes"] == 0
    site.gateway(state="absent")
    assert (zone(site), rules(site.lab, GATEWAY), site.left()) == ("dmz", before, "")


def test_what_runs_and_is_in_no_file_is_not_lost_by_a_reload(site: Site) -> None:
    site.run("firewall-cmd", "--permanent", "--new-ipset=known", "--type=hash:ip")
    site.run("firewall-cmd", "--reload")
    site.run("firewall-cmd", "--add-service=http")
    before = rules(site.lab, GATEWAY)
    assert open_to_the_tunnel(site) == {SSH, WEB}
    for flags in (("--check",), ()):
        refused = site.gateway(flags=flags, **NEEDS)
        assert [problem["place"] for problem in refused["problems"]] == ["firewall"]
        assert "(public services http): keep that by firewall-cmd --runtime-to-permanent" in refused["msg"]
        assert "To be opened: udp 53 in from 10.9.0.0/24 wg0; tcp 53 in from 10.9.0.0/24 wg0" in refused["msg"]
    assert (rules(site.lab, GATEWAY), site.left()) == (before, "")
    site.run("firewall-cmd", "--runtime-to-permanent")
    assert site.gateway(**NEEDS)["changed"] is True
    assert open_to_the_tunnel(site) == {SSH, DNS, WEB}
    site.run("firewall-cmd", "--add-service=https")
    site.run("firewall-cmd", "--ipset=known", "--add-entry=192.0.2.7")
    assert site.gateway(**NEEDS)["writes"] == 0
    refused = site.gateway(state="absent")
    assert "(public services https; known entries 192.0.2.7)" in refused["msg"]
    assert open_to_the_tunnel(site) == {SSH, DNS, WEB}
