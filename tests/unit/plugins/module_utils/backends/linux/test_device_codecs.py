# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Both codecs mean the same: steps, encoded, taken by a device and read back, are what the steps mean."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device import (
    netlink_messages,
    uapi_text,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device.device_steps import DeviceStep
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import UNSET
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.effects import apply_steps
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Interface
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import (
    RemovePeer,
    SetDevice,
    SetPeer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Endpoint
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.backends.linux.device_cases import (
    ALICE,
    BOB,
    CAROL,
    CASES,
    DIALLED,
    DIALLED6,
    EMPTY,
    PRESHARED,
    PRIVATE,
    PUBLIC,
    Case,
    interface,
    parse_prefix,
)
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.backends.linux.device_interpreters import (
    Held,
    HeldPeer,
    NetlinkJudge,
    TextJudge,
)


def held(state: Interface) -> Held:
    """Put a device into a state without any codec."""
    peers = {
        key.raw: HeldPeer(
            preshared_key=peer.preshared_key.raw if peer.preshared_key else bytes(32),
            endpoint=tuple(peer.endpoint) if peer.endpoint else None,
            keepalive=peer.persistent_keepalive,
            allowed_ips=set(map(str, peer.allowed_ips)),
        )
        for key, peer in state.peers.items()
    }
    private_key = state.private_key.raw if state.private_key else bytes(32)
    return Held(private_key, PUBLIC.raw, state.listen_port, state.fwmark, peers)


def by_netlink(before: Interface, steps: tuple[DeviceStep, ...]) -> Interface:
    judge = NetlinkJudge(held(before))
    for payload in netlink_messages.encode_set("wg0", steps):
        judge.set(payload)
    return netlink_messages.decode_device(judge.dump())


def by_text(before: Interface, steps: tuple[DeviceStep, ...]) -> Interface:
    judge = TextJudge(held(before))
    text = uapi_text.encode_set(steps)
    if text:
        judge.set(text)
    return uapi_text.decode_get(judge.get(), "wg0")


CODECS = pytest.mark.parametrize(("through", "implementation"), [(by_netlink, "kernel"), (by_text, "userspace")])


@CODECS
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_steps_read_back_are_what_they_mean(through: object, implementation: str, case: Case) -> None:
    assert through(case.before, case.steps) == replace(case.observed, implementation=implementation)


@pytest.mark.parametrize("steps", EMPTY, ids=str)
def test_steps_that_set_nothing_make_no_message(steps: tuple[DeviceStep, ...]) -> None:
    assert netlink_messages.encode_set("wg0", steps) == []
    assert uapi_text.encode_set(steps) == ""


def test_all_peers_are_replaced_only_where_it_is_asked_for() -> None:
    steps = (SetPeer(CAROL, create=True),)
    netlink, text = NetlinkJudge(held(CASES[1].before)), TextJudge(held(CASES[1].before))
    for payload in netlink_messages.encode_set("wg0", steps, replace_peers=True):
        netlink.set(payload)
    text.set(uapi_text.encode_set(steps, replace_peers=True))
    assert list(netlink.held.peers) == list(text.held.peers) == [CAROL.raw]


@pytest.mark.parametrize("encode", [lambda steps: netlink_messages.encode_set("wg0", steps), uapi_text.encode_set])
def test_an_endpoint_that_is_a_host_name_is_refused_by_name(encode: object) -> None:
    with pytest.raises(InvalidValue, match=r"vpn\.example\.org:51820"):
        encode([SetPeer(ALICE, endpoint=Endpoint("vpn.example.org", 51820), preshared_key=PRESHARED)])


POOL = [parse_prefix(text) for text in ("0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/16", "192.0.2.7", "::/0", "fd00::/8")]
set_device = st.builds(
    SetDevice,
    private_key=st.sampled_from([UNSET, PRIVATE]),
    listen_port=st.sampled_from([UNSET, 1, 65535]),
    fwmark=st.sampled_from([UNSET, 0, 0xFFFFFFFF]),
)
set_peer = st.builds(
    SetPeer,
    st.sampled_from([ALICE, BOB, CAROL]),
    create=st.just(True),
    preshared_key=st.sampled_from([UNSET, None, PRESHARED]),
    endpoint=st.sampled_from([UNSET, DIALLED, DIALLED6]),
    add_allowed_ips=st.frozensets(st.sampled_from(POOL)),
    replace_allowed_ips=st.booleans(),
    persistent_keepalive=st.sampled_from([UNSET, 0, 25, 65535]),
)
remove_peer = st.builds(RemovePeer, st.sampled_from([ALICE, BOB, CAROL]))
runs = st.lists(st.one_of(set_device, set_peer, remove_peer), max_size=8).map(tuple)


def meant(steps: tuple[DeviceStep, ...]) -> Interface:
    """Give what the steps mean, as a device that was only read would show it."""
    state = apply_steps(interface(), steps)
    peers = {key: peer._replace(current_endpoint=peer.endpoint) for key, peer in state.peers.items()}
    return replace(state, peers=peers, public_key=PUBLIC if state.private_key else None)


@CODECS
@settings(max_examples=200)
@given(before=runs, steps=runs)
def test_any_steps_read_back_are_what_they_mean(
    through: object, implementation: str, before: tuple[DeviceStep, ...], steps: tuple[DeviceStep, ...]
) -> None:
    # A change (not create) of a peer that is there means the same as create.
    known = set(meant(before).peers)
    steps = tuple(
        replace(step, create=False)
        if isinstance(step, SetPeer)
        and step.public_key in known
        and not any(isinstance(other, RemovePeer) for other in steps)
        else step
        for step in steps
    )
    expected = replace(meant((*before, *steps)), implementation=implementation)
    assert through(meant(before), steps) == expected
