# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each step makes of a state: the meaning that every backend has to share."""

from __future__ import annotations

import dataclasses
from typing import get_args

import pytest
from hypothesis import given

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.effects import apply_steps
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    DEFAULT_MTU,
    RUNNING,
    File,
    Interface,
    KillSwitch,
    Peer,
    Property,
    Redirection,
    UplinkRoute,
    absent,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import (
    AddAddress,
    AddDetour,
    AddRoute,
    AddRule,
    CreateInterface,
    DisplaceRoute,
    RecordRedirection,
    RemoveAddress,
    RemoveDetour,
    RemoveFile,
    RemoveInterface,
    RemoveKeylessPeers,
    RemovePeer,
    RemoveRoute,
    RemoveRule,
    RestoreRoute,
    SetDevice,
    SetKillSwitch,
    SetLink,
    SetPeer,
    Step,
    TurnSwitch,
    WriteFile,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import parse_prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import SecretText
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.core.strategies import (
    ADDRESSES,
    ENDPOINTS,
    PRESHARED_KEYS,
    PRIVATE_KEYS,
    PUBLIC_KEYS,
    ROUTES,
    RULES,
    observed_interfaces,
)

A, B, C = PUBLIC_KEYS[:3]
ONE, TWO = map(parse_prefix, ("10.0.0.1", "10.0.0.2"))
OURS = File(SecretText(b"ours"))
ALICE = Peer(
    A,
    preshared_key=PRESHARED_KEYS[0],
    endpoint=ENDPOINTS[0],
    allowed_ips=frozenset({ONE}),
    persistent_keepalive=25,
    name="alice",
    rx_bytes=7,
)
BOB = Peer(B, allowed_ips=frozenset({TWO}))
DETOUR, UPLINK = (UplinkRoute(ONE, "wan", gateway, protocol=protocol) for gateway, protocol in (("", 0), ("via", 16)))
SWITCH = KillSwitch(7)
AROUND = Redirection(detours=frozenset({DETOUR}), displaced=frozenset({UPLINK}), kill_switch=SWITCH)
BASE = Interface(
    "wg0",
    private_key=PRIVATE_KEYS[0],
    listen_port=51820,
    mtu=1380,
    up=True,
    addresses=frozenset({ADDRESSES[0]}),
    routes=frozenset({ROUTES[0]}),
    rules=frozenset({RULES[0]}),
    peers={A: ALICE, B: BOB},
    keyless_peers=2,
    files={"/a": OURS},
    implementation="kernel",
    recorded=AROUND,
    detours=frozenset({DETOUR}),
    displaced=frozenset({UPLINK}),
    switches=frozenset({"net.a"}),
    kill_switch=SWITCH,
)

EFFECTS: list[tuple[Step, dict[str, object]]] = [
    (SetDevice(), {}),
    (SetDevice(fwmark=7), {"fwmark": 7}),
    (SetDevice(private_key=PRIVATE_KEYS[1], listen_port=1), {"private_key": PRIVATE_KEYS[1], "listen_port": 1}),
    (SetDevice(listen_port=0), {}),
    (SetLink(), {}),
    (SetLink(mtu=1300), {"mtu": 1300}),
    (SetLink(up=False), {"up": False, "routes": frozenset()}),
    (AddAddress(ADDRESSES[1]), {"addresses": frozenset(ADDRESSES[:2])}),
    (RemoveAddress(ADDRESSES[0]), {"addresses": frozenset()}),
    (AddRoute(ROUTES[1]), {"routes": frozenset(ROUTES[:2])}),
    (RemoveRoute(ROUTES[0]), {"routes": frozenset()}),
    (AddRule(RULES[1]), {"rules": frozenset(RULES[:2])}),
    (RemoveRule(RULES[0]), {"rules": frozenset()}),
    (
        RecordRedirection(Redirection()),
        {
            "recorded": Redirection(),
            "detours": frozenset(),
            "displaced": frozenset(),
            "switches": frozenset(),
            "kill_switch": None,
        },
    ),
    (AddDetour(UPLINK), {"detours": frozenset({DETOUR, UPLINK})}),
    (RemoveDetour(DETOUR), {"detours": frozenset()}),
    (DisplaceRoute(DETOUR), {"displaced": frozenset({DETOUR, UPLINK})}),
    (RestoreRoute(UPLINK), {"displaced": frozenset()}),
    (TurnSwitch("net.b", on=True), {"switches": frozenset({"net.a", "net.b"})}),
    (TurnSwitch("net.a", on=False), {"switches": frozenset()}),
    (SetKillSwitch(None), {"kill_switch": None}),
    (WriteFile("/b", OURS), {"files": {"/a": OURS, "/b": OURS}}),
    (RemoveFile("/a"), {"files": {}}),
    (RemovePeer(A), {"peers": {B: BOB}}),
    (RemovePeer(C), {}),
    (RemoveKeylessPeers(2), {"keyless_peers": 0}),
    (SetPeer(A), {}),
    (SetPeer(A, preshared_key=None), {"peers": {A: ALICE._replace(preshared_key=None), B: BOB}}),
    (SetPeer(A, name=""), {"peers": {A: ALICE._replace(name=""), B: BOB}}),
    (SetPeer(A, replace_allowed_ips=True), {"peers": {A: ALICE._replace(allowed_ips=frozenset()), B: BOB}}),
    (SetPeer(C, create=True), {"peers": {A: ALICE, B: BOB, C: Peer(C)}}),
    (
        SetPeer(A, add_allowed_ips=frozenset({TWO})),
        {"peers": {A: ALICE._replace(allowed_ips=frozenset({ONE, TWO})), B: BOB._replace(allowed_ips=frozenset())}},
    ),
    (CreateInterface("wg0"), {"mtu": DEFAULT_MTU}),
]


@pytest.mark.parametrize(("step", "changes"), EFFECTS, ids=lambda value: type(value).__name__)
def test_a_step_changes_what_it_says_and_nothing_else(step: Step, changes: dict[str, object]) -> None:
    assert apply_steps(BASE, [step]) == dataclasses.replace(BASE, **changes)


@pytest.mark.parametrize("step", [SetLink(up=True), SetDevice(listen_port=1)], ids=repr)
def test_whether_an_interface_will_run_is_not_foretold(step: Step) -> None:
    running = dataclasses.replace(BASE, properties=frozenset({Property(RUNNING, True), Property("comment", "mine")}))
    assert apply_steps(running, [step]).properties == {Property("comment", "mine")}
    assert apply_steps(running, [SetLink(mtu=1300), SetDevice(fwmark=7)]).properties == running.properties


def test_a_removed_interface_leaves_what_lives_outside_of_it() -> None:
    after = apply_steps(BASE, [RemoveInterface("wg0")])
    outside = ("files", "rules", "recorded", "detours", "displaced", "switches", "kill_switch")
    assert after == dataclasses.replace(absent("wg0"), **{name: getattr(BASE, name) for name in outside})


def test_every_kind_of_step_has_a_meaning_that_is_tested() -> None:
    assert {type(step) for step, _changes in EFFECTS} | {RemoveInterface} == set(get_args(Step))


def test_an_allowed_ip_belongs_to_the_last_that_took_it() -> None:
    wants = [SetPeer(key, add_allowed_ips=frozenset({ONE})) for key in (B, C, A, C)]
    peers = apply_steps(BASE, wants).peers
    assert [key for key, peer in peers.items() if ONE in peer.allowed_ips] == [C]


def test_an_allowed_ip_leaves_all_that_had_it() -> None:
    shared = frozenset({ONE})
    observed = dataclasses.replace(BASE, peers={key: Peer(key, allowed_ips=shared) for key in (A, B)})
    after = apply_steps(observed, [SetPeer(C, create=True, add_allowed_ips=shared)])
    assert [after.peers[key].allowed_ips for key in (A, B, C)] == [frozenset(), frozenset(), shared]


def test_a_peer_does_not_lose_what_it_has_already_let_go_and_got_back() -> None:
    steps = [
        SetPeer(A, replace_allowed_ips=True),
        SetPeer(B, add_allowed_ips=frozenset({ONE})),
        SetPeer(A, add_allowed_ips=frozenset({ONE})),
    ]
    peers = apply_steps(BASE, steps).peers
    assert (peers[A].allowed_ips, peers[B].allowed_ips) == (frozenset({ONE}), frozenset({TWO}))


@given(observed_interfaces)
def test_no_steps_change_nothing(observed: Interface) -> None:
    assert apply_steps(observed, ()) == observed


def test_the_given_state_is_not_touched() -> None:
    peers, files = dict(BASE.peers), dict(BASE.files)
    apply_steps(BASE, [step for step, _changes in EFFECTS])
    assert (BASE.peers, BASE.files) == (peers, files)
