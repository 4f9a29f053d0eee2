# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real wg-quick, wg and ip judge what our parser makes of a text."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.quick.model import QuickConfig
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.quick.text import parse, render
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.quick.values import (
    parse_address,
    parse_mtu,
    parse_table,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Endpoint
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import clamp
from ansible_collections.wgfleet.wireguard.tests.lab.lone_host import LoneHost, lone_host
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.core.quick_meaning import (
    allowed_ips,
    effective_peers,
    strip,
)

RESOLVED = {"vpn.example": "192.0.2.7"}
FILE = "/run/judge/wgjudge.conf"
# What the tools say, parted by NULs. For the variables, wg-quick itself serves up to the line where it would act.
JUDGE = """
umask 077
cd /run/judge
cat >wgjudge.conf
wg-quick strip ./wgjudge.conf >stripped && wg setconf wgjudge stripped || exit 3
cat stripped
printf '\\0'
wg showconf wgjudge
printf '\\0'
source <(sed '/^# ~~ function override insertion point/,$d' "$(command -v wg-quick)")
parse_options ./wgjudge.conf
for name in ADDRESSES DNS DNS_SEARCH PRE_UP POST_UP PRE_DOWN POST_DOWN; do
    declare -n list=$name
    printf '%s\\0' "$name" "${#list[@]}" "${list[@]}"
done
printf '%s\\0' MTU 1 "$MTU" TABLE 1 "$TABLE" SAVE_CONFIG 1 "$SAVE_CONFIG"
"""


class Verdict(NamedTuple):
    """What `wg-quick strip` prints, `wg showconf` after `wg setconf` of that, and wg-quick's own variables."""

    stripped: str
    shown: str
    variables: dict[str, list[str]]


@dataclass(frozen=True)
class Judge:
    """The tools in their host. `signs` tells whether this wg knows `+` and `-` before an allowed IP."""

    host: LoneHost
    signs: bool = False

    def of(self, text: str) -> Verdict | None:
        """Let the tools read a text; None where one of them refuses it."""
        result = self.host.run("bash", "-c", JUDGE, stdin=text, check=False)
        if result.returncode:
            assert result.returncode == 3, result.stderr
            return None
        stripped, shown, *fields = result.stdout.split("\0")
        rest = iter(fields)
        return Verdict(
            stripped, shown, {name: [next(rest) for _number in range(int(next(rest)))] for name in rest if name}
        )


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with lone_host() as host:
        host.write("/etc/hosts", "".join(f"{address} {name}\n" for name, address in RESOLVED.items()))
        host.write("/etc/nsswitch.conf", "hosts: files\nservices: files\nprotocols: files\n")
        host.userspace("wgjudge")
        probe = Judge(host)
        yield replace(probe, signs=probe.of(f"[Peer]\nPublicKey={key(1)}\nAllowedIPs=+10.0.0.0/8") is not None)


def key(number: int) -> str:
    return base64.b64encode(hashlib.sha256(b"judge%d" % number).digest()).decode()


def ours(text: str) -> QuickConfig | None:
    try:
        return parse(text)
    except InvalidInput:
        return None


def meaning(config: QuickConfig) -> tuple[object, ...]:
    """What a fresh device holds after the configuration; a device clamps its key, and 0 is what it has unset."""
    peers = {
        each.public_key: (
            each.preshared_key,
            allowed_ips(each),
            each.endpoint and Endpoint(RESOLVED.get(each.endpoint.host, each.endpoint.host), each.endpoint.port),
            each.persistent_keepalive or 0,
        )
        for each in effective_peers(config).values()
    }
    private_key = config.private_key and clamp(config.private_key.raw)
    return private_key, config.listen_port or None, config.fwmark or 0, peers


def agree(judge: Judge, text: str) -> None:
    """Fail unless the tools and we refuse the text alike, or understand it alike."""
    mine, verdict = ours(text), judge.of(text)
    assert (mine is None) == (verdict is None), "one accepts what the other refuses"
    if mine is None or verdict is None:
        return
    assert parse(verdict.stripped) == strip(mine)
    seen = parse(verdict.shown)
    if not mine.listen_port:
        seen = replace(seen, listen_port=None)
    assert meaning(seen) == meaning(mine)
    known = verdict.variables
    assert [parse_address(word) for word in known["ADDRESSES"]] == list(mine.addresses)
    assert [word.lower() for word in known["DNS"]] == list(mine.dns)
    assert known["DNS_SEARCH"] == list(mine.dns_search)
    for variable in ("PRE_UP", "POST_UP", "PRE_DOWN", "POST_DOWN"):
        hooks = [hook.partition("#")[0].strip() for hook in known[variable]]  # a newer wg-quick leaves remarks to bash
        assert [hook for hook in hooks if hook] == list(getattr(mine, variable.lower()))
    for variable, value in (("MTU", mine.mtu), ("TABLE", mine.table)):
        assert known[variable] == ["" if value is None else str(value)]
    assert known["SAVE_CONFIG"] == [str(int(mine.save_config or False))]


INTERFACE = f"[Interface]\nPrivateKey = {key(0)}\n"
PEER = f"[Peer]\nPublicKey = {key(1)}\n"

TEXTS = [
    "",
    "# nothing",
    "[Interface]",
    "ListenPort = 1",
    "Address = 10.0.0.1",
    INTERFACE,
    INTERFACE + "Address = 10.0.0.1/24, fd00::1/64\nAddress=10.0.0.2\nDNS = 1.1.1.1 corp.example,fd00::53\nMTU=1400",
    INTERFACE + "PostUp = echo a = b\npostup=iptables -A x; true # why\nPREUP=x\nPreDown = a  b\nPostDown=c\\",
    INTERFACE + "PostUp = $(touch x) 'quoted \"'\nSaveConfig=TRUE\nTable=off",
    INTERFACE + "SaveConfig = yes",
    INTERFACE + "SaveConfig =",
    INTERFACE + "SaveConfig = false\nMTU=1400\nMTU=\nTable=5\nTable =\nDNS=\nAddress=,",
    INTERFACE + "ListenPort = 51821\r\nFwMark = 0xca6c\r\n[peer]\r\nPublicKey=" + key(1) + "\r\n",
    "[ Interface ]\nListen Port = 5 1 8 2 2\n[ P e e r ]\nPublic Key = " + key(1) + "\n",
    "[ Interface ]\nMTU = 1400",
    "[Interface]\nM TU = 1400",
    "[Interface] trailing",
    "[Interface]\n[Other]\n",
    "[interface]#x\n#y\n  \t\n privatekey\t=\t" + key(0) + "\v\f\n" + PEER + "[INTERFACE]\nmtu = 1300",
    "\ufeff[Interface]",
    "[Interface]\u00a0\nListenPort=1",
    "[Interface]\nListenPort = 1\u00a0",
    "[Interface]\nPrivateKey = " + key(0)[:-1],
    "[Interface]\nPrivateKey = " + key(0)[:20] + " " + key(0)[20:],
    "[Interface]\nPrivateKey = " + base64.b64encode(bytes(31)).decode(),
    "[Interface]\nFwMark = 0x\n",
    "[Peer]\nAllowedIPs = 10.0.0.0/8",
    PEER + "PublicKey = " + key(2),
    PEER + "AllowedIPs = 10.0.0.0/8, ::/0, 10.0.0.1\n# Name = office2\nAllowedIPs=10.0.0.0/8\n",
    PEER + "AllowedIPs = 10.0.0.0/8\n" + PEER + "AllowedIPs = 192.0.2.0/24",
    PEER
    + "AllowedIPs = 10.0.0.0/8\nPersistentKeepalive = 25\n[Peer]\nPublicKey="
    + key(2)
    + "\nAllowedIPs = 10.0.0.0/8",
    PEER + f"PresharedKey = {key(3)}\n" + PEER + "PersistentKeepalive = 5",
    PEER + "PresharedKey = " + base64.b64encode(bytes(32)).decode(),
    PEER + "Endpoint = vpn.example:51820",
    PEER + "Endpoint = VPN.Example:51820",
    PEER + "Endpoint = [vpn.example]:51820",
    PEER + "MTU = 1400",
]

# Values of wg(8)'s own keys, good and bad ones: (prefix of the text, key, values).
WG_VALUES = {
    "ListenPort": ["0", "51820", "0051821", "", "x", "5x", "-1", "off", "auto"],
    "FwMark": [
        "off",
        "OFF",
        "0",
        "0x0",
        "0xFfFf",
        "0XFF",
        "0x",
        "0x1g",
        "010",
        "4294967295",
        "4294967296",
        "-1",
        "+1",
        "none",
    ],
    "Endpoint": [
        "192.0.2.1:1",
        "192.0.2.1",
        "192.0.2.1:",
        "192.0.2.256:1",
        "[192.0.2.1]:1",
        "[fd00::1]:1",
        "fd00::1:1",
        "fd00::1",
        "::1:1",
        "[fd00::1]",
        "[fd00::1]1",
        "[fd00::1]:",
        "[fd00::1:1",
        "fd00::1]:1",
        ":1",
        "[]:1",
        "(none)",
        "none",
        "192.0.2.1:0",
        "FD00::A:1",
        "[::ffff:192.0.2.1]:1",
        "off",
        "a:b:1",
    ],
    "AllowedIPs": [
        "10.0.0.0/8",
        "10.0.0.1/8",
        "10.0.0.1",
        "10.0.0.1/0",
        "10.0.0.1/33",
        "10.0.0.1/032",
        "10.0.0.1/",
        "10.0.0.1/x",
        "10.0.0.1/8/8",
        "10.0.0/8",
        "010.0.0.1",
        "10.0.0.01",
        "::/0",
        "fd00::1/64",
        "fd00::1/128",
        "fd00::1/129",
        "fd00::00001",
        "fd00::1%lo",
        "::ffff:10.0.0.1/128",
        "::ffff:10.0.0.01",
        "1:2:3:4:5:6:7::",
        "::1:2:3:4:5:6:7",
        "1::3:4:5:6:7:8",
        "1:2:3:4:5:6:7:8::",
        "10.0.0.0/255.0.0.0",
        ",",
        "10.0.0.1,",
        ",10.0.0.1",
        "10.0.0.1,10.0.0.2",
        "10.0.0.1 10.0.0.2",
        "none",
        "(none)",
        "off",
        "FD00::/8",
        "10.0.0.0/8, fd00::/8 ,192.0.2.1",
        "10.0.0.1/99999999999999999999999",
        "٣.0.0.0/8",
    ],
    "PersistentKeepalive": ["off", "Off", "0", "25", "025", "65535", "65536", "25s", "-1", "", "none", "auto", "٢"],
    "PresharedKey": [key(5), key(5)[:-1], key(5) + "=", "", "none", "(none)", key(5)[:-2] + "B="],
}
SIGNED = ["+10.0.0.0/8", "+10.0.0.0/8,+fd00::/8", "10.0.0.0/8,+192.0.2.1", "++10.0.0.0/8", "+", "+ 10.0.0.0/8"]


@pytest.mark.parametrize("text", TEXTS)
def test_text_means_to_us_what_it_means_to_the_tools(judge, text):
    agree(judge, text)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, many in WG_VALUES.items() for value in many])
def test_value_means_to_us_what_it_means_to_wg(judge, name, value):
    agree(judge, f"{INTERFACE if name in ('ListenPort', 'FwMark') else PEER}{name} = {value}\n")


@pytest.mark.parametrize("value", SIGNED)
def test_signed_allowed_ip_means_to_us_what_it_means_to_wg(judge, value):
    if not judge.signs:
        pytest.skip("this wg is older than the signs before allowed IPs (wireguard-tools 1.0.20250521)")
    agree(judge, f"{PEER}AllowedIPs = {value}\n")


@pytest.mark.parametrize("text", ["ListenPort = 70000", "ListenPort = domain"])
def test_slips_that_the_c_library_lets_pass_are_refused(judge, text):
    if "domain" in text and not Path("/etc/services").exists():
        pytest.skip("this host has no /etc/services, so that wg knows no port by name")
    assert judge.of("[Interface]\n" + text) is not None
    assert ours("[Interface]\n" + text) is None


@pytest.mark.parametrize("host", ["10.1", "010.0.0.1", "3232235777"])
def test_antique_notations_of_an_endpoint_are_refused(judge, host):
    assert judge.of(f"{PEER}Endpoint = {host}:1") is not None
    assert ours(f"{PEER}Endpoint = {host}:1") is None


@pytest.mark.parametrize(
    "text",
    [
        "10.9.0.1",
        "10.9.0.1/24",
        "10.9.0.1/255.255.255.0",
        "10.9.0.1/0.0.0.255",
        "10.9.0.1/33",
        "10.9.0.1/",
        "10.9.0.1/x",
        "10.9.0.256",
        "fd00::9/64",
        "fd00::9",
        "fd00::9/129",
        "fd00::g",
        "fe80::9%lo/64",
        "none",
        "10.9.0.1/24/24",
    ],
)
def test_address_is_accepted_by_us_and_by_ip_alike(judge, text):
    family = "-6" if ":" in text else "-4"
    result = judge.host.run("ip", family, "address", "add", text, "dev", "wgjudge", check=False)
    judge.host.run("ip", "address", "flush", "dev", "wgjudge")
    assert (result.returncode == 0) == accepts(parse_address, text)


@pytest.mark.parametrize("text", ["1420", "0x58c", "0X58C", "x", "1420x", "auto", "-5", "1,420", "99999999999"])
def test_mtu_is_accepted_by_us_and_by_ip_alike(judge, text):
    result = judge.host.run("ip", "link", "set", "mtu", text, "dev", "wgjudge", check=False)
    assert (result.returncode == 0) == accepts(parse_mtu, text)


@pytest.mark.parametrize("text", ["5", "0x10", "main", "default", "4294967295", "4294967296", "a b", "5x", "-1"])
def test_table_is_accepted_by_us_and_by_ip_alike(judge, text):
    judge.host.run("ip", "link", "set", "up", "dev", "wgjudge")
    route = ("10.77.0.0/24", "dev", "wgjudge", "table", text)
    result = judge.host.run("ip", "-4", "route", "add", *route, check=False)
    judge.host.run("ip", "-4", "route", "del", *route, check=False)
    assert (result.returncode == 0) == accepts(parse_table, text)


def accepts(parser, text: str) -> bool:
    try:
        parser(text)
    except InvalidValue:
        return False
    return True


QUICK_VALUES = {
    "Address": ["10.0.0.1/24", "10.0.0.1,fd00::1/64", "fd00::2 , 10.0.0.3", "", ",,"],
    "DNS": ["1.1.1.1", "corp.example", "fd00::53,lan 9.9.9.9", ""],
    "MTU": ["1400", "", "1280"],
    "Table": ["off", "auto", "77", "vpn", ""],
    "PreUp": ["true", "a = b", "", "x [Peer] y"],
    "PostUp": ["true; false", "ListenPort = 1", "'a  b'"],
    "PreDown": ["a,b"],
    "PostDown": ["\\n \\"],
    "SaveConfig": ["true", "False", "maybe"],
}
BLANKS = st.sampled_from(["", " ", "\t", "  ", "\r", " \v"])


def spelled(name: str) -> st.SearchStrategy[str]:
    return st.lists(st.booleans(), min_size=len(name), max_size=len(name)).map(
        lambda ups: "".join(letter.upper() if up else letter.lower() for letter, up in zip(name, ups, strict=True))
    )


def line(values: dict[str, list[str]]) -> st.SearchStrategy[str]:
    pairs = st.sampled_from([(name, value) for name, many in values.items() for value in many])
    return pairs.flatmap(
        lambda pair: st.builds(
            lambda name, *rest: rest[0] + name + rest[1] + "=" + rest[2] + pair[1] + rest[3] + rest[4],
            spelled(pair[0]),
            BLANKS,
            BLANKS,
            BLANKS,
            BLANKS,
            st.sampled_from(["", "# x", "#Name=y", "#"]),
        )
    )


GOOD = {
    "ListenPort": ["0", "51833"],
    "FwMark": ["off", "0x10", "7"],
    "PrivateKey": [key(0), key(7)],
    "Endpoint": ["192.0.2.1:1", "[fd00::1]:2", "vpn.example:3", "fd00::4:5"],
    "AllowedIPs": ["10.0.0.0/8", "10.0.0.0/8, fd00::/8", "0.0.0.0/0", "10.1.2.3"],
    "PersistentKeepalive": ["off", "25"],
    "PresharedKey": [key(5), base64.b64encode(bytes(32)).decode()],
    "PublicKey": [key(1), key(2)],
}
REMARKS = st.sampled_from(["", "# Name = office2", "#", "  # [Peer]", "\t"])
INTERFACE_LINES = line({**QUICK_VALUES, **{name: GOOD[name] for name in ("ListenPort", "FwMark", "PrivateKey")}})
PEER_LINES = line({name: GOOD[name] for name in ("Endpoint", "AllowedIPs", "PersistentKeepalive", "PresharedKey")})
ANY_LINES = line({**WG_VALUES, **GOOD, **QUICK_VALUES})
SECTIONS = st.one_of(
    st.tuples(spelled("[Interface]").map(lambda name: [name]), st.lists(INTERFACE_LINES | REMARKS, max_size=5)),
    st.tuples(
        st.builds(lambda head, number: [head, "PublicKey=" + key(number)], spelled("[Peer]"), st.integers(1, 3)),
        st.lists(PEER_LINES | REMARKS, max_size=4),
    ),
).map(lambda parts: parts[0] + parts[1])
FILES = st.lists(SECTIONS, max_size=5).map(lambda sections: "\n".join(line for section in sections for line in section))
PROPERTY = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@PROPERTY
@given(text=FILES)
def test_generated_file_means_to_us_what_it_means_to_the_tools(judge, text):
    agree(judge, text)


@PROPERTY
@given(text=FILES, stray=ANY_LINES, place=st.integers(0, 12))
def test_generated_file_with_a_stray_line_is_judged_alike(judge, text, stray, place):
    lines = text.split("\n")
    agree(judge, "\n".join([*lines[:place], stray, *lines[place:]]))


@PROPERTY
@given(text=FILES)
def test_what_we_render_means_the_same_to_the_tools(judge, text):
    config = ours(text)
    if config is not None:
        agree(judge, render(config).reveal())
