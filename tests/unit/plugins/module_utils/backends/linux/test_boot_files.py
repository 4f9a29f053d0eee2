# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files stand for an interface; the real tools judge the texts in tests/lab."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.boot.boot_files import (
    files_for,
    netdev_path,
    network_path,
    paths_of,
    quick_path,
    record_path,
    start_path,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.boot.record import (
    Record,
    parse_record,
    render_record,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.marks import MANAGED
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import PersistenceError
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    Interface,
    Peer,
    Route,
    Rule,
    absent,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.quick.text import parse
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Endpoint, parse_prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PresharedKey, PublicKey, clamp

UNIT = "/lib/systemd/system/wg-quick@.service"
PEERS = (
    Peer(
        PublicKey(bytes([2]) * 32),
        PresharedKey(bytes([9]) * 32),
        Endpoint("vpn.example", 51820),
        frozenset(map(parse_prefix, ("10.0.0.0/8", "fd00::/8"))),
        name="office # 2",
    ),
    Peer(PublicKey(bytes([1]) * 32), current_endpoint=Endpoint("192.0.2.9", 4711)),
)
RULES = frozenset({Rule(4, 1000, 100, fwmark=7, invert=True, source=parse_prefix("10.0.0.0/8")), Rule(6, 1, 254)})
INTERFACE = Interface(
    "wg0",
    private_key=clamp(bytes([3]) * 32),
    listen_port=51820,
    mtu=1420,
    up=True,
    routes=frozenset({Route(parse_prefix("10.0.0.0/8"), 100, 5)}),
    rules=RULES,
    peers={peer.public_key: peer for peer in PEERS},
    persist="wg_quick",
)
NETWORKD = replace(INTERFACE, persist="networkd", rules=frozenset())


def text(interface: Interface, path: str) -> str:
    return files_for(interface, UNIT)[path].content.reveal()


@pytest.mark.parametrize(
    ("interface", "unit", "paths"),
    [
        (absent("wg0"), UNIT, ()),
        (replace(INTERFACE, persist="none"), UNIT, (record_path,)),
        (INTERFACE, UNIT, (quick_path, start_path, record_path)),
        (INTERFACE, None, (quick_path, record_path)),
        (replace(INTERFACE, up=False), UNIT, (quick_path, record_path)),
        (NETWORKD, UNIT, (netdev_path, network_path, record_path)),
    ],
)
def test_persistence_decides_which_files_stand(interface, unit, paths):
    files = files_for(interface, unit)
    assert set(files) == {path("wg0") for path in paths}
    assert set(files) <= set(paths_of("wg0"))


def test_link_for_boot_leads_to_the_unit():
    link = files_for(INTERFACE, UNIT)[start_path("wg0")]
    assert (link.link, link.content.reveal()) == (True, UNIT)


@pytest.mark.parametrize("interface", [INTERFACE, NETWORKD])
def test_order_of_peers_does_not_change_the_text(interface):
    turned = replace(interface, peers=dict(reversed(interface.peers.items())))
    assert files_for(turned, UNIT) == files_for(interface, UNIT)


@pytest.mark.parametrize(
    ("interface", "path"), [(INTERFACE, quick_path), (NETWORKD, netdev_path), (NETWORKD, network_path)]
)
def test_files_say_whose_they_are(interface, path):
    assert text(interface, path("wg0")).startswith(MANAGED + "\n")


@pytest.mark.parametrize("interface", [INTERFACE, NETWORKD])
def test_an_endpoint_to_which_a_peer_has_roamed_is_in_no_file(interface):
    assert not [path for path in files_for(interface) if "192.0.2.9" in text(interface, path)]


def test_wg_quick_file_leaves_no_route_to_wg_quick_and_marks_ours():
    config = parse(text(INTERFACE, quick_path("wg0")))
    assert config.table == "off"
    assert config.post_up == (
        "ip -4 route replace 10.0.0.0/8 dev %i proto 87 table 100 metric 5",
        "ip -4 rule del not from 10.0.0.0/8 fwmark 0x7 priority 1000 table 100 protocol 87 2>/dev/null || true",
        "ip -4 rule add not from 10.0.0.0/8 fwmark 0x7 priority 1000 table 100 protocol 87",
        "ip -6 rule del from all priority 1 table 254 protocol 87 2>/dev/null || true",
        "ip -6 rule add from all priority 1 table 254 protocol 87",
    )
    assert len(config.pre_down) == len(RULES)
    assert {peer.name for peer in config.peers} == {None, "office # 2"}


def test_networkd_files_belong_to_its_user_who_must_read_the_key():
    files = files_for(NETWORKD)
    owners = {path: file.owner for path, file in files.items()}
    assert owners == {
        netdev_path("wg0"): "systemd-network",
        network_path("wg0"): "systemd-network",
        record_path("wg0"): "root",
    }


def test_networkd_is_told_each_policy_rule_in_its_own_words():
    sections = text(replace(NETWORKD, rules=RULES), network_path("wg0")).split("[RoutingPolicyRule]\n")[1:]
    assert [section.split() for section in sections] == [
        ["Family=ipv4", "Priority=1000", "Table=100", "From=10.0.0.0/8", "FirewallMark=7", "InvertRule=yes"],
        ["Family=ipv6", "Priority=1", "Table=254"],
    ]


def test_networkd_keeps_a_link_down_that_is_down():
    assert "ActivationPolicy=down\n" in text(replace(NETWORKD, up=False), network_path("wg0"))
    assert "ActivationPolicy" not in text(NETWORKD, network_path("wg0"))


@pytest.mark.parametrize(
    "interface",
    [
        replace(NETWORKD, private_key=None),
        replace(INTERFACE, name="wg+0"),
        replace(INTERFACE, peers={PEERS[0].public_key: PEERS[0]._replace(name="a\nPostUp = x")}),
    ],
)
def test_what_a_file_cannot_say_is_an_error(interface):
    with pytest.raises(PersistenceError):
        files_for(interface, UNIT)


def test_record_holds_no_secret_and_comes_back():
    rendered = render_record(INTERFACE)
    for secret in (clamp(bytes([3]) * 32), PresharedKey(bytes([9]) * 32)):
        assert secret.reveal() not in rendered
    assert parse_record(rendered) == Record(
        persist="wg_quick",
        endpoints={PEERS[0].public_key: Endpoint("vpn.example", 51820), PEERS[1].public_key: None},
        labels={PEERS[0].public_key: "office # 2", PEERS[1].public_key: ""},
        rules=RULES,
    )


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"format": 2}',
        '{"format": 1, "persist": 1, "peers": {}, "rules": []}',
        '{"format": 1, "persist": "none", "peers": {"x": {}}, "rules": []}',
        '{"format": 1, "persist": "none", "peers": {}, "rules": [{}]}',
        '{"format": 1, "persist": "of sorts", "peers": {}, "rules": []}',
    ],
)
def test_broken_record_is_ignored_and_says_why(broken):
    record = parse_record(broken)
    assert record.problem
    assert record == Record(problem=record.problem)
