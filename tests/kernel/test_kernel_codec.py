# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel itself says whether the netlink codec writes what it means and reads what is there; wg(8) is the judge."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device.netlink_device import (
    NetlinkDevice,
    kernel_has_wireguard,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    DeviceError,
    NoPrivilege,
    NoSuchInterface,
    WrongKind,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import UNSET
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.effects import apply_steps
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import HIDDEN, Interface, Peer
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import (
    RemovePeer,
    SetDevice,
    SetPeer,
    Step,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    parse_endpoint,
    parse_prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PresharedKey, PublicKey, clamp
from ansible_collections.wgfleet.wireguard.tests.kernel import judge

NOBODY = 65534


def _key(number: int) -> PublicKey:
    return PublicKey((number + 1).to_bytes(4, "big") * 8)


def _psk(number: int) -> PresharedKey:
    return PresharedKey((number + 1).to_bytes(4, "big") * 8)


def _prefixes(*texts: str) -> frozenset[Any]:
    return frozenset(map(parse_prefix, texts))


def _peer(number: int, *prefixes: str, **fields: Any) -> SetPeer:
    return SetPeer(_key(number), create=True, add_allowed_ips=_prefixes(*prefixes), **fields)


def _spelled_peer(peer: Peer) -> judge.State:
    assert peer.preshared_key is not HIDDEN
    return {
        "preshared_key": peer.preshared_key.reveal() if peer.preshared_key else None,
        "endpoint": str(peer.current_endpoint) if peer.current_endpoint else None,
        "allowed_ips": set(map(str, peer.allowed_ips)),
        "last_handshake": int(peer.last_handshake),
        "rx_bytes": peer.rx_bytes,
        "tx_bytes": peer.tx_bytes,
        "persistent_keepalive": peer.persistent_keepalive,
    }


def _spelled(observed: Interface) -> judge.State:
    """Put what we read into the judge's words."""
    assert observed.private_key is not HIDDEN
    return {
        "private_key": observed.private_key.reveal() if observed.private_key else None,
        "public_key": str(observed.public_key) if observed.public_key else None,
        "listen_port": observed.listen_port,
        "fwmark": observed.fwmark,
        "peers": {str(key): _spelled_peer(peer) for key, peer in observed.peers.items()},
    }


def _as_showconf(state: judge.State) -> judge.State:
    statistics = ("last_handshake", "rx_bytes", "tx_bytes")
    peers = {
        key: {word: value for word, value in peer.items() if word not in statistics}
        for key, peer in state["peers"].items()
    }
    return {**{word: value for word, value in state.items() if word != "public_key"}, "peers": peers}


class Device:
    """Our device and its judge, side by side: each write is judged."""

    def __init__(self, netns: str) -> None:
        self.netns = netns
        self.ours = NetlinkDevice("wg0", netns)

    def judged(self) -> Interface:
        """Read, and hold the reading against what wg says in both its formats."""
        observed = self.ours.read()
        spelled = _spelled(observed)
        assert spelled == judge.shown_by_dump(self.netns, "wg0")
        assert _as_showconf(spelled) == judge.shown_by_showconf(self.netns, "wg0")
        return observed

    def write(self, *steps: Step) -> Interface:
        """Write, and hold what came of it against what the steps mean."""
        before = self.ours.read()
        self.ours.write(steps)
        after = self.judged()
        meant = apply_steps(before, steps)
        assert {key: _comparable(peer) for key, peer in after.peers.items()} == {
            key: _comparable(peer) for key, peer in meant.peers.items()
        }
        return after


def _comparable(peer: Peer) -> tuple[Any, ...]:
    return peer.public_key, peer.preshared_key, peer.endpoint, peer.allowed_ips, peer.persistent_keepalive


@pytest.fixture
def device(netns: str) -> Iterator[Device]:
    """An empty device with its judge."""
    made = Device(netns)
    yield made
    made.ours.close()


def test_kernel_is_known_to_have_wireguard() -> None:
    assert kernel_has_wireguard()


def test_empty_device_is_read(device: Device) -> None:
    observed = device.judged()
    assert (observed.private_key, observed.public_key, observed.listen_port, observed.peers) == (None, None, 0, {})


def test_every_field_is_written_and_read(device: Device) -> None:
    private_key = clamp(os.urandom(32))
    observed = device.write(
        SetDevice(private_key=private_key, listen_port=51820, fwmark=0xFFFFFFFF),
        _peer(
            1,
            "10.0.0.0/8",
            "0.0.0.0/0",
            "::/0",
            "fd00:1::/64",
            "fd00::1/128",
            preshared_key=_psk(1),
            endpoint=parse_endpoint("192.0.2.1:1"),
            persistent_keepalive=65535,
        ),
        _peer(2, endpoint=parse_endpoint("[2001:db8::1]:65535")),
        _peer(3, "192.0.2.3/32"),
    )
    assert (observed.private_key, observed.listen_port, observed.fwmark) == (private_key, 51820, 0xFFFFFFFF)
    public_key = subprocess.run(
        ["wg", "pubkey"], input=private_key.reveal(), capture_output=True, text=True, check=True
    )
    assert str(observed.public_key) == public_key.stdout.strip()


def test_zone_of_an_endpoint_is_kept(device: Device) -> None:
    judge.run(device.netns, "ip", "link", "add", "lan0", "type", "dummy")
    device.write(_peer(1, endpoint=parse_endpoint("[fe80::1%lan0]:51820")))


def test_unset_fields_are_left_alone(device: Device) -> None:
    device.write(
        SetDevice(private_key=clamp(os.urandom(32)), listen_port=51820, fwmark=7),
        _peer(1, "10.0.0.0/8", preshared_key=_psk(1), endpoint=parse_endpoint("192.0.2.1:1"), persistent_keepalive=25),
    )
    before = device.judged()
    after = device.write(SetDevice(fwmark=8), SetPeer(_key(1), add_allowed_ips=_prefixes("10.1.0.0/16")))
    assert (after.private_key, after.listen_port, after.fwmark) == (before.private_key, 51820, 8)
    assert after.peers[_key(1)].allowed_ips == _prefixes("10.0.0.0/8", "10.1.0.0/16")


def test_empty_values_clear_fields(device: Device) -> None:
    device.write(
        SetDevice(listen_port=51820, fwmark=7), _peer(1, "10.0.0.0/8", preshared_key=_psk(1), persistent_keepalive=25)
    )
    after = device.write(
        SetDevice(listen_port=0, fwmark=0),
        SetPeer(_key(1), preshared_key=None, persistent_keepalive=0, replace_allowed_ips=True),
    )
    assert after.fwmark == 0
    peer = after.peers[_key(1)]
    assert (peer.preshared_key, peer.persistent_keepalive, peer.allowed_ips) == (None, 0, frozenset())


def test_allowed_ips_are_replaced_only_on_demand(device: Device) -> None:
    device.write(_peer(1, "10.0.0.0/24", "fd00::/64"))
    device.write(SetPeer(_key(1), add_allowed_ips=_prefixes("10.0.1.0/24")))
    device.write(SetPeer(_key(1), add_allowed_ips=_prefixes("10.0.2.0/24"), replace_allowed_ips=True))
    assert device.judged().peers[_key(1)].allowed_ips == _prefixes("10.0.2.0/24")


def test_a_prefix_moves_from_one_peer_to_another(device: Device) -> None:
    device.write(_peer(1, "10.0.0.0/24", "10.0.1.0/24"), _peer(2, "10.0.2.0/24"))
    after = device.write(SetPeer(_key(2), add_allowed_ips=_prefixes("10.0.1.0/24")))
    assert after.peers[_key(1)].allowed_ips == _prefixes("10.0.0.0/24")


def test_removed_peer_is_gone_and_others_stay(device: Device) -> None:
    device.write(*(_peer(number, f"10.0.{number}.0/24") for number in range(5)))
    after = device.write(RemovePeer(_key(3)), RemovePeer(_key(99)))
    assert set(after.peers) == set(map(_key, (0, 1, 2, 4)))


def test_peer_whose_key_is_zero_is_a_peer(device: Device) -> None:
    zero = PublicKey(bytes(32))
    assert set(device.write(SetPeer(zero, create=True, add_allowed_ips=_prefixes("10.0.0.0/24"))).peers) == {zero}


def test_change_of_a_vanished_peer_does_not_bring_it_back(device: Device) -> None:
    device.ours.write([SetPeer(_key(1), add_allowed_ips=_prefixes("10.0.0.0/24"), persistent_keepalive=5)])
    assert device.judged().peers == {}


def test_peer_with_the_key_of_the_device_is_dropped_by_the_kernel(device: Device) -> None:
    own = device.write(SetDevice(private_key=clamp(os.urandom(32)))).public_key
    assert own is not None
    device.ours.write([SetPeer(own, create=True, add_allowed_ips=_prefixes(*_many(2000)))])
    assert device.judged().peers == {}


def _many(count: int) -> Iterator[str]:
    return (f"10.{number >> 8}.{number & 255}.0/24" for number in range(count))


def test_many_peers_cross_messages_both_ways(device: Device) -> None:
    steps = [
        _peer(
            number,
            *(f"10.{number >> 8}.{number & 255}.{part * 16}/28" for part in range(4)),
            f"fd00:0:0:{number:x}::/64",
            preshared_key=_psk(number) if number % 3 else UNSET,
            endpoint=parse_endpoint(f"192.0.2.{number % 254 + 1}:{number + 1}"),
            persistent_keepalive=number % 100,
        )
        for number in range(1000)
    ]
    assert len(device.write(*steps).peers) == 1000
    assert device.ours.write([RemovePeer(_key(number)) for number in range(0, 1000, 2)]) == 1
    assert set(device.judged().peers) == {_key(number) for number in range(1, 1000, 2)}


def test_one_peer_with_thousands_of_allowed_ips_crosses_messages_both_ways(device: Device) -> None:
    observed = device.write(
        _peer(1, "192.0.2.1/32"),
        _peer(2, *_many(5000), *(f"fd00:0:0:{number:x}::/64" for number in range(1000)), preshared_key=_psk(2)),
        _peer(3, "192.0.2.3/32"),
    )
    assert len(observed.peers[_key(2)].allowed_ips) == 6000
    device.write(SetPeer(_key(2), add_allowed_ips=_prefixes(*_many(1500)), replace_allowed_ips=True))


def test_device_that_wg_configured_is_read(device: Device) -> None:
    private_key = clamp(os.urandom(32))
    lines = ["[Interface]", f"PrivateKey = {private_key.reveal()}", "ListenPort = 51821", "FwMark = 0xca6c"]
    for number in range(300):
        lines += ["[Peer]", f"PublicKey = {_key(number)}", f"AllowedIPs = 10.{number >> 8}.{number & 255}.0/24, ::/0"]
        lines += [f"Endpoint = [2001:db8::{number:x}]:51820", "PersistentKeepalive = 25"] if number % 2 else []
    judge.run(device.netns, "wg", "setconf", "wg0", "/dev/stdin", input="\n".join(lines))
    observed = device.judged()
    assert (len(observed.peers), observed.fwmark, observed.private_key) == (300, 0xCA6C, private_key)


def test_nothing_to_set_sends_nothing(device: Device) -> None:
    assert device.ours.write([]) == 0


def test_statistics_are_those_of_wg(device: Device, netns: str) -> None:
    far = f"{netns}-b"
    subprocess.run(["ip", "netns", "add", far], check=True)
    try:
        keys = {}
        judge.run(netns, "ip", "link", "add", "lan", "type", "veth", "peer", "lan", "netns", far)
        judge.run(far, "ip", "link", "add", "wg0", "type", "wireguard")
        with contextlib.closing(NetlinkDevice("wg0", far)) as other:
            both = {netns: device.ours, far: other}
            for side, ours in both.items():
                ours.write([SetDevice(private_key=clamp(os.urandom(32)), listen_port=51820)])
                keys[side] = ours.read().public_key
            for number, (side, ours) in enumerate(both.items(), start=1):
                peer_key = keys[far if side == netns else netns]
                assert peer_key is not None
                endpoint = parse_endpoint(f"192.0.2.{3 - number}:51820")
                prefixes = _prefixes(f"10.9.9.{3 - number}")
                ours.write([SetPeer(peer_key, create=True, endpoint=endpoint, add_allowed_ips=prefixes)])
                for interface, address in (("lan", f"192.0.2.{number}/24"), ("wg0", f"10.9.9.{number}/24")):
                    judge.run(side, "ip", "address", "add", address, "dev", interface)
                    judge.run(side, "ip", "link", "set", interface, "up")
            judge.run(netns, "ping", "-n", "-c", "2", "-i", "0.2", "-W", "5", "10.9.9.2")
        (peer,) = device.judged().peers.values()
        assert peer.last_handshake and peer.rx_bytes and peer.tx_bytes
    finally:
        subprocess.run(["ip", "netns", "delete", far], check=True)


def test_missing_interface_is_named(netns: str) -> None:
    with contextlib.closing(NetlinkDevice("wg7", netns)) as missing:
        with pytest.raises(NoSuchInterface, match="wg7"):
            missing.read()
        with pytest.raises(NoSuchInterface, match="wg7"):
            missing.write([SetDevice(fwmark=1)])


def test_interface_of_another_type_is_refused(netns: str) -> None:
    with contextlib.closing(NetlinkDevice("lo", netns)) as other:
        with pytest.raises(WrongKind):
            other.read()
        with pytest.raises(WrongKind):
            other.write([SetDevice(fwmark=1)])


def test_port_in_use_is_named(device: Device) -> None:
    for command in ("link add wg1 type wireguard", "link set wg0 up", "link set wg1 up"):
        judge.run(device.netns, "ip", *command.split())
    device.write(SetDevice(listen_port=51820))
    with contextlib.closing(NetlinkDevice("wg1", device.netns)) as second, pytest.raises(DeviceError, match="51820"):
        second.write([SetDevice(listen_port=51820)])


def test_missing_privilege_is_said(device: Device) -> None:
    os.seteuid(NOBODY)
    try:
        with pytest.raises(NoPrivilege):
            device.ours.read()
        with pytest.raises(NoPrivilege):
            device.ours.write([SetDevice(fwmark=1)])
    finally:
        os.seteuid(0)
