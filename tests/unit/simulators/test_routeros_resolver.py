# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rows of the DNS server become for dnsmasq, as text; real questions are in the lab's tests."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.derived import DERIVED
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.device import Device
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.factory import default_configuration, furnish, sow
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.live import LIVE
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.namespace_commands import Namespace, PlaneError
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.profile import Profile
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.resolver import Resolver
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.resolver_text import resolver_text
from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.router import Router

DNSMASQ = shutil.which("dnsmasq", path="/usr/sbin:/usr/bin")
Rows = list[dict[str, str]]


def described(*rows: dict[str, str], **settings: str) -> tuple[str, list[str]]:
    """What becomes of the default configuration with these records and settings."""
    device = Device(Router(Profile(), LIVE, DERIVED))
    furnish(device.router, 5)
    named: dict[str, Any] = {name.replace("_", "-"): text for name, text in settings.items()}
    sow(device, {**default_configuration(5), "/ip/dns/static": list(rows)})
    sow(device, {"/ip/dns": named})
    return resolver_text(device.router.configuration())


def servers(*rows: dict[str, str], **settings: str) -> list[str]:
    """Who is asked for what."""
    text, left_out = described(*rows, **settings)
    assert left_out == []
    return [line.removeprefix("server=") for line in text.splitlines() if line.startswith("server=")]


def forwarder(server: str, **properties: str) -> dict[str, str]:
    named = {name.replace("_", "-"): text for name, text in properties.items()}
    return {"type": "FWD", "forward-to": server, **named}


def test_every_name_is_asked_of_the_servers_in_their_order() -> None:
    assert servers(servers="192.0.2.1,2001:db8::1") == ["192.0.2.1", "2001:db8::1"]


def test_what_came_by_dhcp_is_asked_after_them() -> None:
    rows: dict[str, Rows] = {
        "/ip/dns": [{"servers": "192.0.2.1", "dynamic-servers": "192.0.2.9", "allow-remote-requests": "true"}],
        "/ip/dns/static": [],
    }
    assert "server=192.0.2.1\nserver=192.0.2.9\n" in resolver_text(rows)[0]


def test_others_are_answered_only_if_they_may_ask() -> None:
    assert "listen-address=127.0.0.1\nbind-interfaces\n" in described(allow_remote_requests="no")[0]
    assert "listen-address" not in described(allow_remote_requests="yes")[0]


def test_a_record_answers_for_its_name_alone() -> None:
    record = {"name": "Router.lan", "address": "192.168.88.1"}
    text, left_out = described(record, {"name": "router.lan", "type": "AAAA", "address": "fd00::1"})
    assert left_out == []
    assert text.endswith("host-record=router.lan,192.168.88.1\nhost-record=router.lan,fd00::1\n")


def test_a_domain_is_forwarded_with_all_below_it_if_that_is_said() -> None:
    row = forwarder("10.0.0.53", name="corp.example")
    assert servers({**row, "match-subdomain": "yes"}) == ["/corp.example/10.0.0.53"]
    assert servers(row) == ["/corp.example/10.0.0.53", "/*.corp.example/#"]


def test_what_is_below_a_single_name_goes_where_the_next_wider_record_says() -> None:
    wider = forwarder("10.0.0.1", name="example", match_subdomain="yes")
    widest = forwarder("10.0.0.2", regexp=".*")
    single = forwarder("10.0.0.53", name="corp.example")
    assert servers(single, wider)[:2] == ["/corp.example/10.0.0.53", "/*.corp.example/10.0.0.1"]
    assert servers(forwarder("10.0.0.53", regexp=r"^corp\.example$"), widest) == [
        "/corp.example/10.0.0.53", "/*.corp.example/#", "10.0.0.2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("regexp", "lines"),
    [
        (".*", ["10.0.0.53"]),
        ("^.+$", ["10.0.0.53"]),
        (r"\.corp\.example$", ["192.0.2.1", "/*.corp.example/10.0.0.53"]),
        (r".*\.corp\.example$", ["192.0.2.1", "/*.corp.example/10.0.0.53"]),
        (r"^corp\.example$", ["192.0.2.1", "/corp.example/10.0.0.53", "/*.corp.example/#"]),
    ],
)
def test_some_regular_expressions_can_be_said(regexp: str, lines: list[str]) -> None:
    assert servers(forwarder("10.0.0.53", regexp=regexp), servers="192.0.2.1") == lines


def test_regular_expressions_are_looked_at_before_plain_records() -> None:
    plain = [forwarder("10.0.0.1", name="corp.example", match_subdomain="yes"), {"name": "a.b", "address": "10.0.0.9"}]
    text, left_out = described(*plain, forwarder("10.0.0.2", regexp=".*"), servers="192.0.2.1")
    assert left_out == []
    assert [line for line in text.splitlines() if line.startswith(("server", "host"))] == ["server=10.0.0.2"]


def test_of_two_records_for_a_name_the_upper_one_decides() -> None:
    upper = forwarder("10.0.0.1", name="example", match_subdomain="yes")
    lower = forwarder("10.0.0.2", name="corp.example", match_subdomain="yes")
    assert servers(upper, lower) == ["/example/10.0.0.1"]
    assert servers(lower, upper) == ["/corp.example/10.0.0.2", "/example/10.0.0.1"]
    below = forwarder("10.0.0.3", regexp=r"\.example$")
    assert servers(upper, below) == ["/*.example/10.0.0.3", "/example/10.0.0.1"]


def test_what_is_disabled_does_nothing() -> None:
    assert servers(forwarder("10.0.0.1", name="example", disabled="yes"), servers="192.0.2.1") == ["192.0.2.1"]


def test_a_forwarder_without_a_server_stands_for_those_of_every_name() -> None:
    assert servers({"type": "FWD", "name": "example", "match-subdomain": "yes"}) == ["/example/#"]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (forwarder("10.0.0.1", regexp="corp"), "regexp=corp"),
        (forwarder("10.0.0.1", name="*.example"), "name=*.example"),
        (forwarder("some-forwarder", name="example"), "forward-to=some-forwarder"),
        (forwarder("10.0.0.1", name="example", address_list="x"), "address-list=x"),
        ({"name": "example", "type": "CNAME", "cname": "other.example"}, "type=CNAME"),
        ({"name": "example", "address": "10.0.0.1", "match-subdomain": "yes"}, "type=A"),
    ],
)
def test_what_cannot_be_said_is_told(row: dict[str, str], why: str) -> None:
    text, left_out = described(row)
    assert left_out == [f"static name *1 is not realised: {why}"]
    assert "example" not in text


def test_encrypted_questions_are_told_as_what_is_not_realised() -> None:
    assert described(use_doh_server="https://192.0.2.1/")[1] == [
        "/ip/dns is not realised: use-doh-server=https://192.0.2.1/"
    ]


@pytest.mark.skipif(DNSMASQ is None, reason="dnsmasq is not installed")
def test_dnsmasq_understands_the_text() -> None:
    rows = [
        forwarder("10.0.0.53", name="corp.example"),
        forwarder("10.0.0.54", regexp=r"\.test$"),
        {"name": "router.lan", "address": "192.168.88.1"},
    ]
    text = described(*rows, servers="192.0.2.1", allow_remote_requests="no")[0]
    done = subprocess.run(
        [str(DNSMASQ), "--test", "--conf-file=-"], input=text, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("enter", "said"), [("false", "failed"), ("/nonexistent", "No such file")])
def test_a_server_that_does_not_start_is_told_with_what_it_said(enter: str, said: str) -> None:
    with pytest.raises(PlaneError, match=f"'dnsmasq .*{said}"):
        Resolver(Namespace([enter])).commit("cache-size=0\n")
