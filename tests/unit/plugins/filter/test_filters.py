# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import copy
import datetime
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible.template import trust_as_template

from ansible_collections.wgfleet.wireguard.plugins.filter.host_config import host_config
from ansible_collections.wgfleet.wireguard.plugins.filter.link_table import link_table
from ansible_collections.wgfleet.wireguard.plugins.filter.public_key import public_key
from ansible_collections.wgfleet.wireguard.plugins.filter.subtract_networks import subtract_networks
from ansible_collections.wgfleet.wireguard.plugins.filter.verify import verify
from ansible_collections.wgfleet.wireguard.plugins.filter.wg_quick import wg_quick
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils import _public_half

# RFC 7748, section 6.1: Alice's pair.
PRIVATE = "dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo="
PUBLIC = "hSDwCYkwp1R0i33ctD73Wg2/Og0mOBr066SpjqqbTmo="

NETWORKS: dict[str, Any] = {
    "corp": {
        "pool": ["10.255.255.0/24"],
        "members": {
            "office1": {"endpoint": "192.0.2.1", "routes": ["10.1.202.0/24"]},
            "branch": {"nat": True},
        },
    }
}
REGISTRY = {
    "version": 1,
    "networks": {
        "corp": {
            "members": {
                "office1": {"public_key": PUBLIC, "addresses": ["10.255.255.1/24"], "interface": "corp"},
                "branch": {"addresses": ["10.255.255.2/24"], "interface": "corp"},
            }
        }
    },
}


def test_host_config_takes_tagged_values_and_gives_plain_ones() -> None:
    networks = copy.deepcopy(NETWORKS)
    networks["corp"]["members"]["office1"]["routes"] = [trust_as_template("10.1.202.0/24")]
    (item,) = host_config(networks, REGISTRY, trust_as_template("branch"), key_directory="/etc/wireguard")
    assert item["interface"]["routes"] == ["10.1.202.0/24"]
    assert {type(route) for route in item["interface"]["routes"]} == {str}
    assert item["interface"]["private_key_file"] == "/etc/wireguard/corp.key"
    assert item["interface"]["peers"][0]["public_key"] == PUBLIC


def test_host_config_changes_none_of_its_arguments() -> None:
    networks, registry = copy.deepcopy(NETWORKS), copy.deepcopy(REGISTRY)
    host_config(networks, registry, "branch")
    assert (networks, registry) == (NETWORKS, REGISTRY)


def test_host_config_for_teardown_is_all_absent() -> None:
    (item,) = host_config(NETWORKS, REGISTRY, "office1", state="absent")
    assert item["interface"] == {"name": "corp", "state": "absent", "expected_public_key": PUBLIC}
    with pytest.raises(AnsibleFilterError, match="state must be present or absent"):
        host_config(NETWORKS, REGISTRY, "office1", state="gone")


def test_verify_gives_the_declaration_back() -> None:
    assert verify(NETWORKS, ["office1", "branch"]) is NETWORKS


def test_verify_fails_with_one_problem_per_line() -> None:
    networks = {"corp": {**NETWORKS["corp"], "port": 70000}}
    with pytest.raises(AnsibleFilterError) as caught:
        verify(networks, ["office1"])
    assert [line.partition(":")[0] for line in str(caught.value).strip().splitlines()] == [
        "wireguard_networks.corp.port",
        "wireguard_networks.corp.members.branch",
    ]


def test_verify_compares_a_private_key_with_the_public_one() -> None:
    branch = {"nat": True, "private_key": PRIVATE, "public_key": PUBLIC}
    networks = {"corp": {"pool": ["10.0.0.0/24"], "members": {"branch": branch}}}
    verify(networks)
    branch["public_key"] = PRIVATE
    with pytest.raises(AnsibleFilterError, match="is the private key of branch") as caught:
        verify(networks)
    assert PRIVATE not in str(caught.value)


def test_public_key_is_the_one_of_the_standard() -> None:
    assert public_key(PRIVATE) == PUBLIC


def test_a_wrong_private_key_is_refused_and_not_shown() -> None:
    with pytest.raises(AnsibleFilterError, match="is no key") as caught:
        public_key(PRIVATE[:-3])
    assert PRIVATE[:-3] not in str(caught.value)


def test_public_key_names_the_library_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_public_half, "crypto_scalarmult_base", None)
    with pytest.raises(AnsibleFilterError, match="PyNaCl is missing on the controller"):
        public_key(PRIVATE)
    assert verify(NETWORKS) is NETWORKS


def test_subtract_networks_takes_text() -> None:
    assert subtract_networks(["10.0.0.0/8", "fd00::/8"], ["10.128.0.0/9"]) == ["10.0.0.0/9", "fd00::/8"]
    with pytest.raises(AnsibleFilterError, match=r"(?s)networks\[0\].*removed: must be a list"):
        subtract_networks(["x"], "10.0.0.0/8")


def test_wg_quick_renders_and_parses() -> None:
    data = {"listen_port": 51820, "addresses": ["10.0.0.1/24"], "peers": [{"public_key": PUBLIC}]}
    text = wg_quick(data)
    assert f"[Peer]\nPublicKey = {PUBLIC}\n" in text
    assert wg_quick(text, parse=True) == data
    with pytest.raises(AnsibleFilterError, match="must be text"):
        wg_quick(data, parse=True)


def test_link_table_measures_the_age_of_a_handshake_by_the_clock_of_its_host() -> None:
    peers = [{"public_key": PUBLIC, "last_handshake": 9990, "rx_bytes": 1, "tx_bytes": 1, "current_endpoint": "x:1"}]
    interface = {"name": "corp", "exists": True, "enabled": True, "peers": peers}
    result = link_table(NETWORKS, REGISTRY, {"branch": {"interfaces": [interface], "now": 10000}}, 1000)
    assert {row["host"]: row["state"] for row in result["rows"]} == {"branch": "up", "office1": "unreachable"}
    assert [row["handshake_age"] for row in result["rows"] if row["host"] == "branch"] == [10]
    assert result["all_up"] is False
    assert "branch" in result["text"]


def test_link_table_does_not_judge_hosts_that_are_not_in_the_run() -> None:
    peers = [{"public_key": PUBLIC, "last_handshake": 990}]
    infos = {"branch": {"interfaces": [{"name": "corp", "exists": True, "enabled": True, "peers": peers}]}}
    result = link_table(NETWORKS, REGISTRY, infos, 1000, hosts=["branch"])
    assert {row["host"]: row["state"] for row in result["rows"]} == {"branch": "up", "office1": "not asked"}
    assert result["all_up"] is True


def test_dates_of_yaml_are_dates_of_a_declaration() -> None:
    networks = copy.deepcopy(NETWORKS)
    networks["corp"]["clients"] = {"alice": {"via": ["office1"], "expires": datetime.date(2027, 1, 31)}}
    registry = copy.deepcopy(REGISTRY)
    alice = {"public_key": PUBLIC, "addresses": ["10.255.255.3/24"]}
    registry["networks"]["corp"]["clients"] = {"alice": alice}
    (last,) = host_config(networks, registry, "office1", today="2027-01-31")
    (over,) = host_config(networks, registry, "office1", today=datetime.date(2027, 2, 1))
    assert (last["expired"], over["expired"]) == ([], ["alice"])
    assert [peer["name"] for peer in last["interface"]["peers"]] == ["alice"]


def test_host_config_refuses_what_it_does_not_know() -> None:
    for option, value in (("state", "gone"), ("platform", "openwrt"), ("today", "soon")):
        with pytest.raises(AnsibleFilterError, match=option):
            host_config(NETWORKS, REGISTRY, "branch", **{option: value})


def test_a_router_is_not_asked_for_a_default_route_through_a_gateway() -> None:
    networks = copy.deepcopy(NETWORKS)
    networks["corp"]["gateways"] = {"office1": {}}
    networks["corp"]["members"]["branch"]["gateway"] = "office1"
    with pytest.raises(AnsibleFilterError, match=r"wireguard_networks\.corp\.members\.branch\.gateway.*by split"):
        host_config(networks, REGISTRY, "branch", platform="routeros")
    (gone,) = host_config(networks, REGISTRY, "branch", "absent", platform="routeros")
    assert gone["interface"]["state"] == "absent"
    (item,) = host_config(networks, REGISTRY, "branch")
    assert item["interface"]["default_route"]["method"] == "fwmark"
    networks["corp"]["members"]["branch"]["split"] = {"mode": "only", "prefixes": ["203.0.113.0/24"]}
    (item,) = host_config(networks, REGISTRY, "branch", platform="routeros")
    assert item["split_tunnel"]["prefixes"] == ["203.0.113.0/24"]


def test_preshared_keys_need_a_secret_but_not_to_be_taken_away() -> None:
    networks = copy.deepcopy(NETWORKS)
    networks["corp"]["psk"] = "per_pair"
    with pytest.raises(AnsibleFilterError, match="per_pair needs the secret"):
        host_config(networks, REGISTRY, "branch")
    (item,) = host_config(networks, REGISTRY, "branch", psk_secret="correct horse battery staple")
    assert len(item["interface"]["peers"][0]["preshared_key"]) == 44
    (gone,) = host_config(networks, REGISTRY, "branch", "absent")
    assert gone["interface"] == {"name": "corp", "state": "absent"}


def test_link_table_tells_a_failed_host_from_one_that_was_not_reached() -> None:
    infos = {"branch": {"failed": True, "msg": "no privilege"}, "office1": {"unreachable": True}}
    rows = link_table(NETWORKS, REGISTRY, infos, 1000)["rows"]
    assert {row["host"]: row["state"] for row in rows} == {"branch": "down", "office1": "unreachable"}


def test_what_is_no_data_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="no plain data"):
        verify({"corp": object()})
