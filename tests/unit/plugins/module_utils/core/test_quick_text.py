# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a wg-quick file means, by tables and properties; the real tools judge the same rules in tests/lab."""

from __future__ import annotations

import base64
import ipaddress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.quick.model import (
    AllowedIp,
    QuickConfig,
    QuickPeer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.quick.text import parse, render
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    Endpoint,
    InterfaceAddress,
    Prefix,
    parse_prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
    PresharedKey,
    PrivateKey,
    PublicKey,
)
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.core.quick_meaning import (
    allowed_ips,
    effective_peers,
    strip,
)

RAW = bytes(range(32))
KEY = base64.b64encode(RAW).decode()
OTHER = base64.b64encode(bytes(range(1, 33))).decode()
SECRET = base64.b64encode(b"this is a secret of 32 bytes....").decode()


def interface(line: str) -> QuickConfig:
    return parse("[Interface]\n" + line)


def peer(*lines: str) -> QuickPeer:
    return parse("\n".join(("[Peer]", "PublicKey = " + KEY, *lines))).peers[0]


def problems(text: str) -> list[tuple[str, str]]:
    with pytest.raises(InvalidInput) as caught:
        parse(text)
    return [(problem.place, problem.message) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("PrivateKey = " + KEY, "private_key", PrivateKey(RAW)),
        ("Private Key=" + KEY[:9] + " " + KEY[9:], "private_key", PrivateKey(RAW)),
        ("ListenPort = 51820", "listen_port", 51820),
        ("listenport=0051820", "listen_port", 51820),
        ("ListenPort = 0", "listen_port", 0),
        ("FwMark = 0xCa6c", "fwmark", 0xCA6C),
        ("FwMark = 010", "fwmark", 10),
        ("FWMARK=oFF", "fwmark", 0),
        ("FwMark = 4294967295", "fwmark", 0xFFFFFFFF),
        ("Address = 10.0.0.1/24", "addresses", (InterfaceAddress(b"\n\0\0\1", 24),)),
        ("Address = 10.0.0.1", "addresses", (InterfaceAddress(b"\n\0\0\1", 32),)),
        ("Address = 10.0.0.1/255.255.255.0", "addresses", (InterfaceAddress(b"\n\0\0\1", 24),)),
        ("Address =", "addresses", ()),
        (
            "Address = 10.0.0.1 ,, ::1/64",
            "addresses",
            (InterfaceAddress(b"\n\0\0\1", 32), InterfaceAddress(b"\0" * 15 + b"\1", 64)),
        ),
        ("DNS = corp.example 1.1.1.1,FD00::1", "dns", ("1.1.1.1", "fd00::1")),
        ("DNS = corp.example 1.1.1.1,~lan", "dns_search", ("corp.example", "~lan")),
        ("MTU = 1420", "mtu", 1420),
        ("MTU = 0x58C", "mtu", 1420),
        ("MTU = 1420\nMTU =", "mtu", None),
        ("MTU = 1420\nmtu = 1280", "mtu", 1280),
        ("Table = off", "table", "off"),
        ("Table = auto", "table", "auto"),
        ("Table = 51820", "table", 51820),
        ("Table = 0x10", "table", 16),
        ("Table = vpn", "table", "vpn"),
        ("Table = none", "table", "none"),
        ("Table =", "table", None),
        ("PostUp = a = b; c # why\npostup=d", "post_up", ("a = b; c", "d")),
        ("PreUp = a\nPreUp =", "pre_up", ("a",)),
        ("PreDown = a, b", "pre_down", ("a, b",)),
        ("PostDown = a\\", "post_down", ("a\\",)),
        ("SaveConfig = TRUE", "save_config", True),
        ("SaveConfig = false", "save_config", False),
        ("", "save_config", None),
    ],
)
def test_interface_keys(line, field, value):
    assert getattr(interface(line), field) == value


@pytest.mark.parametrize(
    ("line", "field", "value"),
    [
        ("publickey = " + OTHER, "public_key", PublicKey(bytes(range(1, 33)))),
        ("PresharedKey = " + KEY, "preshared_key", PresharedKey(RAW)),
        ("AllowedIPs = 10.0.0.1/8", "allowed_ips", (AllowedIp(Prefix(b"\n\0\0\0", 8)),)),
        ("AllowedIPs = 10.0.0.0/008", "allowed_ips", (AllowedIp(Prefix(b"\n\0\0\0", 8)),)),
        (
            "Allowed IPs = +10.0.0.1, - ::/0",
            "allowed_ips",
            (AllowedIp(Prefix(b"\n\0\0\1", 32), "+"), AllowedIp(Prefix(b"\0" * 16, 0), "-")),
        ),
        (
            "AllowedIPs=10.0.0.1\nAllowedIPs=10.0.0.2",
            "allowed_ips",
            (AllowedIp(Prefix(b"\n\0\0\1", 32)), AllowedIp(Prefix(b"\n\0\0\2", 32))),
        ),
        ("Endpoint = 192.0.2.1:51820", "endpoint", Endpoint("192.0.2.1", 51820)),
        ("Endpoint = [192.0.2.1]:51820", "endpoint", Endpoint("192.0.2.1", 51820)),
        ("Endpoint = VPN.example:51820", "endpoint", Endpoint("vpn.example", 51820)),
        ("Endpoint = [fd00::0:1]:51820", "endpoint", Endpoint("fd00::1", 51820)),
        ("Endpoint = fd00::1:51820", "endpoint", Endpoint("fd00::1", 51820)),
        ("Endpoint = [fe80::1%eth0]:51820", "endpoint", Endpoint("fe80::1%eth0", 51820)),
        ("PersistentKeepalive = 25", "persistent_keepalive", 25),
        ("PersistentKeepalive = off", "persistent_keepalive", 0),
        ("PersistentKeepalive = 0", "persistent_keepalive", 0),
        ("", "persistent_keepalive", None),
        ("# Name = office 2 # north", "name", "office 2 # north"),
        ("#friendly_name=office2", "name", "office2"),
        ("# just a remark", "name", None),
    ],
)
def test_peer_keys(line, field, value):
    assert getattr(peer(line), field) == value


@pytest.mark.parametrize(
    "line",
    [
        "ListenPort = 70000",
        "ListenPort = -1",
        "ListenPort =",
        "ListenPort",
        "FwMark = 0XFF",
        "FwMark = 0x",
        "FwMark = 4294967296",
        "FwMark = auto",
        "PrivateKey = " + KEY[:-1],
        "PrivateKey = " + KEY[:-2] + "9=",
        "PrivateKey = none",
        "Address = 10.0.0.1/33",
        "Address = 10.0.0.1/024",
        "Address = 10.0.0.1/0.0.0.255",
        "Address = 010.0.0.1",
        "Address = fe80::1%eth0/64",
        "Address",
        "DNS = 1.1.1",
        "DNS = *",
        "MTU = auto",
        "MTU = 01420",
        "MTU",
        "Table = a b",
        "Table = 4294967296",
        "PostUp",
        "SaveConfig = yes",
        "SaveConfig =",
        "Pre Up = a",
        "PublicKey = " + KEY,
        "[Interfaces]",
        "[Peer",
        "[ Interface ]\nAddress = 10.0.0.1",
        "A\0ddress = 10.0.0.1",
        "Address = " + "9" * 5000,
        "ListenPort = " + "9" * 5000,
    ],
)
def test_malformed_interface_lines_are_refused(line):
    assert len(problems("[Interface]\n" + line)) == 1


@pytest.mark.parametrize(
    "line",
    [
        "AllowedIPs =",
        "AllowedIPs = ,",
        "AllowedIPs = 10.0.0.0/8,",
        "AllowedIPs = 10.0.0.0/33",
        "AllowedIPs = ::/129",
        "AllowedIPs = 10.0.0.0/",
        "AllowedIPs = 10.0.0.0/8/8",
        "AllowedIPs = 10.0.0.0/255.0.0.0",
        "AllowedIPs = 10.0.0.01",
        "AllowedIPs = ::ffff:1.2.3.04",
        "AllowedIPs = fe80::1%1/128",
        "AllowedIPs = ++10.0.0.0/8",
        "AllowedIPs = (none)",
        "Endpoint = 192.0.2.1",
        "Endpoint = fd00::1",
        "Endpoint = [fd00::1]",
        "Endpoint = [fd00::1:51820",
        "Endpoint = [fd00::1]51820",
        "Endpoint = :51820",
        "Endpoint = a:b:51820",
        "Endpoint = none",
        "Endpoint = 192.0.2.1:70000",
        "PersistentKeepalive = 25s",
        "PersistentKeepalive = 65536",
        "PersistentKeepalive = none",
        "PresharedKey = none",
        "PresharedKey =",
        "PrivateKey = " + KEY,
        "Address = 10.0.0.1",
        "MTU = 1420",
    ],
)
def test_malformed_peer_lines_are_refused(line):
    assert [place for place, _message in problems(f"[Peer]\nPublicKey = {KEY}\n{line}")] == ["line 3"]


def test_all_problems_are_told_with_their_lines():
    text = "MTU = 1\n[Interface]\nListenPort = x\n\n[Peer]\nAllowedIPs = 10.0.0.0/8, y\n[Peer]\nPublicKey = z\n"
    assert [place for place, _message in problems(text)] == ["line 1", "line 3", "line 5", "line 6", "line 7", "line 8"]


@pytest.mark.parametrize(
    "line",
    [
        SECRET,
        "PrivateKey " + SECRET,
        "PrivatKey = " + SECRET,
        "PrivateKey = x" + SECRET,
        "[" + SECRET,
        "MTU = " + SECRET,
        "Address = " + SECRET,
        "DNS = ," + SECRET + ":",
        "Table = " + SECRET,
        "SaveConfig = " + SECRET,
    ],
)
def test_problems_never_repeat_what_may_be_a_secret(line):
    told = problems("[Interface]\n" + line)
    assert told
    assert SECRET.rstrip("=").lower() not in repr(told).lower()


@pytest.mark.parametrize("line", ["AllowedIPs = " + SECRET, "Endpoint = " + SECRET, "PersistentKeepalive = " + SECRET])
def test_peer_problems_never_repeat_what_may_be_a_secret(line):
    assert SECRET.rstrip("=") not in repr(problems(f"[Peer]\nPublicKey = {KEY}\n{line}"))


def test_similar_key_is_suggested():
    assert "did you mean PrivateKey?" in problems("[Interface]\nPrivatKey = x")[0][1]


def test_key_of_the_other_section_is_named():
    assert problems("[Interface]\nEndpoint = x")[0][1] == "Endpoint does not belong into [Interface]"


def test_sections_may_repeat_and_mix_with_remarks_and_line_ends_of_dos():
    lines = ("# a remark", "[INTERFACE] # one", "MTU = 1400", "[peer]", "PublicKey=" + KEY, "[interface]", "MTU=1420 ")
    config = parse("\r\n".join(lines))
    assert (config.mtu, len(config.peers)) == (1420, 1)


def test_empty_text_says_nothing():
    assert parse("") == QuickConfig()


def test_repr_shows_no_secret():
    config = parse(f"[Interface]\nPrivateKey={KEY}\n[Peer]\nPublicKey={OTHER}\nPresharedKey={SECRET}")
    shown = repr(config) + repr(render(config)) + str(render(config))
    assert KEY not in shown
    assert SECRET not in shown


@pytest.mark.parametrize(
    ("config", "place"),
    [
        (QuickConfig(post_up=("a # b",)), "post_up"),
        (QuickConfig(post_up=("a\nb",)), "post_up"),
        (QuickConfig(pre_up=(" a",)), "pre_up"),
        (QuickConfig(pre_down=("",)), "pre_down"),
        (QuickConfig(dns_search=("1.1.1.1",)), "dns_search"),
        (QuickConfig(dns=("corp.example",)), "dns"),
        (QuickConfig(dns_search=("a b",)), "dns_search"),
        (QuickConfig(table="a#b"), "table"),
        (QuickConfig(listen_port=70000), "listen_port"),
        (QuickConfig(peers=(QuickPeer(PublicKey(RAW), name="a\n[Peer]"),)), "peers[0].name"),
        (QuickConfig(peers=(QuickPeer(PublicKey(RAW), endpoint=Endpoint("a\nb", 1)),)), "peers[0].endpoint"),
    ],
)
def test_what_would_read_differently_is_not_rendered(config, place):
    with pytest.raises(InvalidInput) as caught:
        render(config)
    assert [problem.place for problem in caught.value.problems] == [place]


def test_allowed_ip_belongs_to_the_last_peer_that_names_it():
    config = parse(
        f"[Peer]\nPublicKey={KEY}\nAllowedIPs=10.0.0.0/8,::/0\n[Peer]\nPublicKey={OTHER}\nAllowedIPs=10.0.0.0/8"
    )
    assert [allowed_ips(each) for each in effective_peers(config).values()] == [
        {parse_prefix("::/0")},
        {parse_prefix("10.0.0.0/8")},
    ]


def test_signs_change_what_the_peer_has_and_zeros_are_no_preshared_key():
    zeros = base64.b64encode(bytes(32)).decode()
    again = f"[Peer]\nPublicKey={KEY}\nPresharedKey={zeros}\nAllowedIPs=+10.0.0.2,-10.0.0.1"
    config = parse(f"[Peer]\nPublicKey={KEY}\nAllowedIPs=10.0.0.1,10.0.0.3\n{again}")
    (effective,) = effective_peers(config).values()
    assert allowed_ips(effective) == {parse_prefix("10.0.0.2"), parse_prefix("10.0.0.3")}
    assert effective.preshared_key is None


def raw_keys():
    return st.binary(min_size=32, max_size=32)


def packed():
    return st.one_of(st.binary(min_size=4, max_size=4), st.binary(min_size=16, max_size=16))


def prefixes():
    return packed().flatmap(
        lambda raw: st.integers(0, len(raw) * 8).map(lambda n: parse_prefix(f"{ipaddress.ip_address(raw)}/{n}"))
    )


def addresses():
    return packed().flatmap(lambda raw: st.integers(0, len(raw) * 8).map(lambda n: InterfaceAddress(raw, n)))


def maybe(strategy):
    return st.one_of(st.none(), strategy)


def several(strategy):
    return st.lists(strategy, max_size=3).map(tuple)


ADDRESS_TEXTS = packed().map(lambda raw: str(ipaddress.ip_address(raw)))
NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,10}(\.[a-z]{2,8})?", fullmatch=True)
HOOKS = st.text(st.characters(blacklist_characters="#\n\0", blacklist_categories=("Cs",)), min_size=1).filter(
    lambda text: text == text.strip(" \t\n\v\f\r")
)
LABELS = st.text(min_size=1).filter(lambda text: text.isprintable() and text == text.strip(" "))
PEERS = st.builds(
    QuickPeer,
    public_key=raw_keys().map(PublicKey),
    preshared_key=maybe(raw_keys().map(PresharedKey)),
    allowed_ips=several(st.builds(AllowedIp, prefixes(), st.sampled_from(["", "+", "-"]))),
    endpoint=maybe(st.builds(Endpoint, st.one_of(ADDRESS_TEXTS, NAMES), st.integers(0, 65535))),
    persistent_keepalive=maybe(st.integers(0, 65535)),
    name=maybe(LABELS),
)
CONFIGS = st.builds(
    QuickConfig,
    private_key=maybe(raw_keys().map(PrivateKey)),
    listen_port=maybe(st.integers(0, 65535)),
    fwmark=maybe(st.integers(0, 0xFFFFFFFF)),
    peers=several(PEERS),
    addresses=several(addresses()),
    dns=several(ADDRESS_TEXTS),
    dns_search=several(NAMES),
    mtu=maybe(st.integers(0, 0x7FFFFFFF)),
    table=maybe(st.one_of(st.integers(0, 0xFFFFFFFF), NAMES, st.sampled_from(["off", "auto"]))),
    pre_up=several(HOOKS),
    post_up=several(HOOKS),
    pre_down=several(HOOKS),
    post_down=several(HOOKS),
    save_config=maybe(st.booleans()),
)


@settings(deadline=None)
@given(CONFIGS)
def test_parsing_what_was_rendered_is_the_identity(config):
    assert parse(render(config).reveal()) == config


@settings(deadline=None)
@given(CONFIGS)
def test_stripped_configuration_keeps_what_wg_knows(config):
    stripped = strip(config)
    assert parse(render(stripped).reveal()) == stripped
    assert effective_peers(stripped) == effective_peers(config)


@settings(deadline=None)
@given(st.text(), st.sampled_from(["Interface", "Peer"]))
def test_any_text_is_either_parsed_or_refused_by_its_lines(text, section):
    try:
        parse(f"[{section}]\n{text}")
    except InvalidInput as error:
        assert all(problem.place.startswith("line ") for problem in error.problems)
