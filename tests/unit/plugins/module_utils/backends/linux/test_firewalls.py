# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ufw, firewalld and chains of nftables are told, and what is read of it: text and listings as they print them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway import (
    firewalld_settings,
    firewalld_text,
    firewalld_zones,
    host_filter,
    nft_chains,
    ufw_text,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.files import (
    boot_files,
    neighbours_in,
    script_path,
    unit_path,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.foreign_chains import (
    Wall,
    find_wall,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.nft_chains import TableName
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import (
    FORWARD,
    INPUT,
    Handle,
    Opening,
    ProxyNdp,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import parse_prefix

POOL, LAN = parse_prefix("10.9.0.0/24"), parse_prefix("192.168.5.0/24")
PORT = Opening(4, INPUT, "udp", 51820)
OUT = Opening(4, FORWARD, source=POOL, in_interface="wg0", out_interface="wan")

UFW = """*filter
### tuple ### allow udp 51820 0.0.0.0/0 any 0.0.0.0/0 in comment=7767666c65657420636f7270
-A ufw-user-input -p udp --dport 51820 -j ACCEPT
### tuple ### deny any any 0.0.0.0/0 any 198.51.100.0/24 in
### tuple ### allow tcp 80,443 0.0.0.0/0 any 0.0.0.0/0 in
### tuple ### limit_log tcp 22 0.0.0.0/0 any 0.0.0.0/0 in
### tuple ### allow tcp 80 0.0.0.0/0 any 0.0.0.0/0 Apache - in
### tuple ### route:allow any any 0.0.0.0/0 any 10.9.0.0/24 in_wg0!out_wan comment=7767666c65657420636f7270
### tuple ### route:allow any any 192.168.5.0/24 any 10.9.0.0/24 in_wg0
"""


def test_rules_of_ufw_are_read_from_its_own_notes() -> None:
    chains = ufw_text.parse_rules(UFW, 4)
    ours = [each.rule for chain in chains.values() for each in chain.rules if each.rule.owner]
    assert [rule.owner for rule in ours] == ["corp", "corp"]
    assert [rule.entry for rule in ours] == [PORT._replace(firewall="ufw"), OUT._replace(firewall="ufw")]


@pytest.mark.parametrize(
    ("opening", "wall"),
    [
        (Opening(4, INPUT, "tcp", 53, source=POOL), "end"),
        (Opening(4, INPUT, "udp", 51820), "3"),
        (Opening(4, INPUT, "udp", 53, source=parse_prefix("198.51.100.0/30")), "3"),
        (Opening(4, FORWARD, source=POOL, destination=LAN, in_interface="wg0"), None),
        (Opening(4, FORWARD, source=POOL, destination=LAN, in_interface="wg1"), "end"),
        (OUT, "end"),
    ],
)
def test_what_ufw_lets_through_already_is_not_told_to_it(opening: Opening, wall: str | None) -> None:
    found = find_wall(opening.chain, ufw_text.parse_rules(UFW, 4), opening)
    assert (None if found is None else found.handle.id if found.handle else "end") == wall


def test_ufw_is_told_before_its_other_rules_and_by_the_same_words_again() -> None:
    words = "in on wg0 out on wan from 10.9.0.0/24 to any"
    assert ufw_text.addition(OUT, "corp") == [*f"route prepend allow {words} comment".split(), "wgfleet corp"]
    assert ufw_text.removal(OUT) == f"route delete allow {words}".split()
    assert ufw_text.removal(PORT) == ["delete", "allow", "proto", "udp", "from", "any", "to", "any", "port", "51820"]


def test_a_rule_of_ufw_without_addresses_is_one_for_both_versions() -> None:
    of_source = Opening(4, INPUT, source=POOL)
    assert ufw_text.for_both([PORT, of_source, PORT._replace(version=6)]) == [PORT, of_source]


def test_a_rule_that_denies_just_an_opening_is_found() -> None:
    text = "### tuple ### deny udp 51820 0.0.0.0/0 any 0.0.0.0/0 in\n### tuple ### deny any any ::/0 any ::/0 in_wg0\n"
    found = [rule.entry for rule in ufw_text.denials(ufw_text.parse_rules(text, 4)[INPUT])]
    assert found == [PORT._replace(firewall="ufw"), Opening(4, INPUT, in_interface="wg0", firewall="ufw")]


def test_settings_of_ufw_are_read() -> None:
    assert ufw_text.is_on("# ENABLED=no\nENABLED=yes\n", "ENABLED", default=False)
    assert not ufw_text.is_on('IPV6="no"', "IPV6", default=True)
    assert ufw_text.is_on("", "IPV6", default=True)


def rule(chain: str, *statements: Any, handle: int = 1, table: str = "firewalld", comment: str = "") -> dict[str, Any]:
    value = {"family": "inet", "table": table, "chain": chain, "handle": handle, "expr": list(statements)}
    return {"rule": {**value, "comment": comment} if comment else value}


def match(left: Any, right: Any, op: str = "==") -> dict[str, Any]:
    return {"match": {"op": op, "left": left, "right": right}}


IIFNAME, L4PROTO = {"meta": {"key": "iifname"}}, {"meta": {"key": "l4proto"}}
SADDR, DPORT = {"payload": {"protocol": "ip", "field": "saddr"}}, {"payload": {"protocol": "udp", "field": "dport"}}
PREFIX = {"prefix": {"addr": "10.9.0.0", "len": 24}}
NEW = match({"ct": {"key": "state"}}, {"set": ["new", "untracked"]}, "in")


def test_firewalld_is_told_with_zones_and_without_answers() -> None:
    zones = firewalld_text.zones_of(
        [
            rule("filter_INPUT_ZONES", match(IIFNAME, "wan"), {"goto": {"target": "filter_IN_public"}}),
            rule("filter_INPUT_ZONES", {"goto": {"target": "filter_IN_home"}}),
            rule("input", match(IIFNAME, "lan"), {"goto": {"target": "filter_IN_x"}}, table="filter"),
        ]
    )
    assert zones == {"wan": "public"}
    own = firewalld_zones.zone_of("wg0")
    plain = OUT._replace(in_interface="", out_interface="")
    told = firewalld_text.told([PORT, OUT, OUT._replace(replies=True), OUT], zones)
    assert told == [PORT._replace(firewall="firewalld ANY HOST"), plain._replace(firewall=f"firewalld {own} public")]
    (inside,) = firewalld_text.told([OUT], {"wg0": "trusted"})
    assert inside == plain._replace(firewall="firewalld trusted ANY")


def test_an_interface_that_is_only_led_to_gets_no_zone_of_ours_and_one_that_is_entered_does() -> None:
    back = Opening(4, FORWARD, source=LAN, destination=POOL, out_interface="wg0")
    assert [each.firewall for each in firewalld_text.told([back], {})] == ["firewalld ANY ANY"]
    own = firewalld_zones.zone_of("wg0")
    assert [each.firewall for each in firewalld_text.told([OUT, back], {})] == [
        f"firewalld {own} ANY",
        f"firewalld ANY {own}",
    ]


def test_policies_of_firewalld_are_files_and_what_runs_of_them_is_read_back() -> None:
    told = firewalld_text.told([PORT, OUT], {"wg0": "work"})
    files = firewalld_text.render_policies("corp", told)
    names = [path.rpartition("/")[2][:-4] for path in files]
    assert all(len(name) <= 17 for name in names)
    assert '<rule family="ipv4"><port port="51820" protocol="udp"/><accept/></rule>' in "".join(files.values())
    assert all(firewalld_text.is_policy_of("corp", text) for text in files.values())
    assert not any(firewalld_text.is_policy_of("cor", text) for text in files.values())
    assert not set(files) & set(firewalld_text.render_policies("guests", told))
    nfproto = match({"meta": {"key": "nfproto"}}, "ipv4")
    objects = [
        rule(f"filter_IN_policy_{names[0]}_allow", nfproto, match(DPORT, 51820), NEW, {"accept": None}),
        rule(f"filter_FWD_policy_{names[1]}_allow", match(SADDR, PREFIX), {"accept": None}, handle=2),
        rule(f"filter_FWD_policy_{names[1]}_allow", match(SADDR, PREFIX), {"drop": None}, handle=3),
    ]
    assert [each.entry for each in firewalld_text.decode_policies("corp", files, objects)] == [*told, None]


def test_a_policy_for_a_zone_of_ours_counts_only_while_the_interface_is_in_it() -> None:
    told = firewalld_text.told([OUT], {})
    files = firewalld_text.render_policies("corp", told)
    (name,) = (path.rpartition("/")[2][:-4] for path in files)
    accepts = rule(f"filter_FWD_policy_{name}_allow", match(SADDR, PREFIX), {"accept": None})
    own = f"filter_IN_{firewalld_zones.zone_of('wg0')}"
    entered = rule("filter_INPUT_ZONES", match(IIFNAME, "wg0"), {"goto": {"target": own}})
    assert [each.entry for each in firewalld_text.decode_policies("corp", files, [accepts, entered])] == told
    assert [each.entry for each in firewalld_text.decode_policies("corp", files, [accepts])] == [None]


@pytest.mark.parametrize(
    ("openings", "with_others", "program", "stay"),
    [
        ([PORT, OUT], True, "/usr/bin/firewall-cmd", True),
        ([PORT, OUT], False, "/usr/bin/firewall-cmd", False),  # firewall: own
        ([], True, "/usr/bin/firewall-cmd", False),  # state: absent
        ([PORT, OUT], True, None, False),
    ],
)
def test_policies_stay_while_firewalld_is_stopped_and_still_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, openings: Any, with_others: bool, program: str | None, stay: bool
) -> None:
    monkeypatch.setattr(host_filter, "find_program", lambda name: program)
    policies = firewalld_text.render_policies("corp", firewalld_text.told([PORT, OUT], {}))
    standing = {**policies, firewalld_zones.zone_path("wg0"): firewalld_zones.render_zone("wg0", "")}
    for path, text in standing.items():
        place = tmp_path / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    stopped = host_filter.HostFilter("corp", str(tmp_path))
    assert set(stopped.paths()) == set(standing)
    files = stopped.files(openings, with_others)
    assert {path: file.content.reveal() for path, file in files.items()} == (standing if stay else {})


DEFAULT = """<?xml version="1.0" encoding="utf-8"?>
<zone target="DROP">
  <short>Public</short>
  <description>For use in public areas.</description>
  <interface name="wan"/>
  <source address="192.0.2.0/24"/>
  <service name="ssh"/>
  <forward/>
  <rule family="ipv4"><source address="198.51.100.0/24"/><drop/></rule>
</zone>
"""


def test_a_zone_of_ours_lets_in_what_the_default_zone_lets_in() -> None:
    text = firewalld_zones.render_zone("wg0", DEFAULT)
    assert firewalld_zones.is_zone_of_ours(text)
    assert not firewalld_zones.is_zone_of_ours(DEFAULT)
    assert firewalld_zones.interfaces_in({"a": text, "b": DEFAULT}) == {"wg0": "a", "wan": "b"}
    body = text[text.index("</description>") :].splitlines()[1:]
    assert [line.strip() for line in body] == [
        '<interface name="wg0" />',
        '<service name="ssh" />',
        '<rule family="ipv4"><source address="198.51.100.0/24" /><drop /></rule>',
        "</zone>",
    ]
    assert '<zone target="DROP">' in text
    for broken in ("", "<zone>"):
        assert firewalld_zones.interfaces_in({"a": firewalld_zones.render_zone("wg0", broken)}) == {"wg0": "a"}


def test_the_default_zone_is_read_as_firewalld_reads_it() -> None:
    assert firewalld_zones.default_zone("# DefaultZone=x\nDefaultZone=work\n") == "work"
    assert firewalld_zones.default_zone("") == "public"


RUNNING = """public (active)
  target: default
  interfaces: wan eth7
  services: http ssh
  rich rules:
\trule family="ipv4" source address="192.0.2.7" reject

docker (active)
  interfaces: docker0

ipv4 filter INPUT 0 -s 192.0.2.1 -j DROP
"""
PERMANENT = """public
  target: default
  interfaces: wan
  services: dhcpv6-client ssh
  rich rules:

docker
  interfaces:
"""


def test_what_firewalld_has_at_run_time_only_is_found() -> None:
    lost = [
        "public interfaces eth7",
        "public services http",
        'public rich rules rule family="ipv4" source address="192.0.2.7" reject',
        "direct ipv4 filter INPUT 0 -s 192.0.2.1 -j DROP",
    ]
    assert firewalld_settings.only_running(RUNNING, PERMANENT, with_manager=False) == lost
    assert firewalld_settings.only_running(RUNNING, PERMANENT, with_manager=True) == lost[1:]
    assert firewalld_settings.only_running(PERMANENT, PERMANENT, with_manager=False) == []
    later = PERMANENT.replace("public", "public (default, active)")  # as firewalld 2 says it
    assert firewalld_settings.only_running(later, PERMANENT, with_manager=False) == []


def test_an_error_about_a_reload_names_some_of_what_would_be_lost() -> None:
    assert "(a; b; c; d; e; and 2 more)" in firewalld_settings.loss_words(list("abcdefg"))
    assert "(a)" in firewalld_settings.loss_words(["a"])


def chains(*rules: Any, policy: str = "drop") -> Any:
    base = {"family": "inet", "table": "filter", "type": "filter", "hook": "input", "prio": 0, "policy": policy}
    listing = [
        {"chain": {**base, "name": "input"}},
        {"chain": {"family": "inet", "table": "filter", "name": "world"}},
        {"chain": {**base, "table": "wgfleet_x", "name": "input"}},
        *rules,
    ]
    return nft_chains.decode_chains(listing, {TableName("inet", "wgfleet_x")})[TableName("inet", "filter")]


KEY = "nftables inet filter input"
VMAP = {"vmap": {"key": {"ct": {"key": "state"}}, "data": {"set": [["invalid", {"drop": None}]]}}}
JUMPS = {"vmap": {"key": IIFNAME, "data": {"set": [["wan", {"jump": {"target": "world"}}]]}}}


@pytest.mark.parametrize(
    ("statements", "wall"),
    [
        ([VMAP], Wall()),
        ([{"vmap": {"key": IIFNAME, "data": "@verdicts"}}], Wall(Handle(KEY, 0, "7"))),
        ([JUMPS], Wall(Handle(KEY, 0, "7"))),
        ([{"limit": {"rate": 3}}, {"accept": None}], Wall()),
        ([match(DPORT, {"range": [51000, 52000]}), {"drop": None}], Wall(Handle(KEY, 0, "7"))),
        ([match(DPORT, {"set": [53, 51820]}), {"counter": {}}, {"accept": None}], None),
        ([match(DPORT, 51820, "!="), {"drop": None}], Wall(Handle(KEY, 0, "7"))),
        ([{"log": None}], Wall()),
    ],
)
def test_chains_of_nftables_are_read_with_their_maps_and_jumps(statements: Any, wall: Wall | None) -> None:
    inner = rule("world", {"reject": None}, table="filter")
    found = chains(rule("input", *statements, handle=7, table="filter"), inner)
    assert find_wall("input", found, PORT) == wall


@pytest.mark.parametrize(
    "left",
    [IIFNAME, L4PROTO, {"ct": {"key": "state"}}, {"payload": {"protocol": "ip", "field": "protocol"}}],
    ids=str,
)
def test_a_set_with_a_name_may_have_any_element(left: Any) -> None:
    inner = PORT._replace(in_interface="wg0")
    rules = [rule("input", match(left, "@some"), {word: None}, handle=7, table="filter") for word in ("drop", "accept")]
    assert find_wall("input", chains(rules[0]), inner) == Wall(Handle(KEY, 0, "7"))
    assert find_wall("input", chains(rules[1]), inner) == Wall()


@pytest.mark.parametrize(
    ("field", "value", "concerned"),
    [("dport", 51820, True), ("dport", {"set": [53, 51820]}, True), ("dport", 53, False), ("sport", 53, True)],
)
def test_a_port_of_any_transport_is_one_of_each(field: str, value: Any, concerned: bool) -> None:
    matches = [
        match(L4PROTO, {"set": ["tcp", "udp"]}),
        match({"payload": {"protocol": "th", "field": field}}, value),
    ]
    found = chains(rule("input", *matches, {"drop": None}, handle=7, table="filter"), policy="accept")
    assert find_wall("input", found, PORT) == (Wall(Handle(KEY, 0, "7")) if concerned else None)


def test_a_rule_about_addresses_of_the_link_may_concern_every_packet() -> None:
    sender = match({"payload": {"protocol": "ether", "field": "saddr"}}, "02:00:00:00:00:01")
    found = chains(rule("input", sender, {"drop": None}, handle=7, table="filter"))
    assert find_wall("input", found, PORT) == Wall(Handle(KEY, 0, "7"))


def test_a_rule_of_ours_in_a_chain_of_others_is_read_as_it_is_written() -> None:
    opening = Opening(4, INPUT, "udp", 53, source=POOL, in_interface="wg0", firewall=KEY)
    written = nft_chains.encode_addition(opening, "corp", Handle(KEY, 0, "7"))["insert"]["rule"]
    assert (written["handle"], written["comment"]) == (7, "wgfleet corp")
    (found,) = chains({"rule": {**written, "handle": 9}})["input"].rules
    assert (found.rule.owner, found.rule.entry, found.rule.handle.id) == ("corp", opening, "9")
    assert nft_chains.encode_removal(found.rule.handle)["delete"]["rule"]["handle"] == 9


def test_files_for_the_boot_are_there_only_where_something_is_to_be_loaded() -> None:
    assert boot_files("corp", [], with_systemd=True) == {}
    assert set(boot_files("corp", [PORT], with_systemd=False)) == {script_path("corp")}
    assert unit_path("corp") in boot_files("corp", [PORT], with_systemd=True)


def test_the_script_names_what_others_have_to_be_told_and_leaves_out_who_remembers() -> None:
    firewalls = ("", KEY, "iptables-legacy", "ufw", "firewalld ANY HOST")
    openings = [PORT._replace(firewall=name) for name in firewalls]
    proxy = ProxyNdp("lan.7", "fd09::2")
    script = boot_files("corp", [*openings, proxy], with_systemd=False)[script_path("corp")].content.raw.decode()
    assert "wgfleet_gateway_corp" in script
    assert "nft list chain inet filter input" in script
    assert "iptables-legacy -w -C INPUT -p udp -m udp --dport 51820" in script
    assert "ufw" not in script
    assert "firewall-cmd" not in script
    assert neighbours_in(script) == {proxy}
