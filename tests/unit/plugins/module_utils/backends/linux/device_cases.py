# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What steps make of a device: one table for every codec, in no codec's words. All keys were made for it."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device.device_steps import DeviceStep
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Interface, Peer
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import (
    RemovePeer,
    SetDevice,
    SetPeer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    Endpoint,
    Prefix,
    parse_prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
    PresharedKey,
    PrivateKey,
    PublicKey,
    decode_key,
)

PRIVATE = decode_key("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHl8=", PrivateKey)
PUBLIC = decode_key("j0DFrbaPJWJK5bIU6nZ6bslNgp09e14a0bpvPiE4KF8=", PublicKey)  # what `wg pubkey` makes of it
PRESHARED = PresharedKey(b"\x22" * 32)
ALICE, BOB, CAROL = (PublicKey(bytes([number]) * 32) for number in (0xA1, 0xB0, 0xCA))
ZEROS = PublicKey(bytes(32))
DIALLED = Endpoint("192.0.2.1", 51820)
DIALLED6 = Endpoint("2001:db8::7", 4500)


def prefixes(*texts: str) -> frozenset[Prefix]:
    return frozenset(map(parse_prefix, texts))


def interface(*peers: Peer, **fields: object) -> Interface:
    return Interface(name="wg0", peers={peer.public_key: peer for peer in peers}, **fields)


def peer(key: PublicKey, *allowed_ips: str, endpoint: Endpoint | None = None, **fields: object) -> Peer:
    """Give a peer whose endpoint, as on every device that has only been read, is the one in use."""
    return Peer(key, endpoint=endpoint, current_endpoint=endpoint, allowed_ips=prefixes(*allowed_ips), **fields)


@dataclass(frozen=True)
class Case:
    rule: str
    before: Interface
    steps: tuple[DeviceStep, ...]
    observed: Interface


def case(rule: str, before: Interface, steps: list[DeviceStep], observed: Interface) -> Case:
    return Case(rule, before, tuple(steps), observed)


FULL = peer(ALICE, "10.1.0.0/16", "fd00:1::/48", endpoint=DIALLED, preshared_key=PRESHARED, persistent_keepalive=25)

CASES = (
    case(
        "a device is set up whole",
        interface(),
        [
            SetDevice(PRIVATE, 51820, 0x1234),
            SetPeer(ALICE, True, PRESHARED, DIALLED, FULL.allowed_ips, persistent_keepalive=25, name="alice"),
            SetPeer(BOB, True, endpoint=DIALLED6, add_allowed_ips=prefixes("0.0.0.0/0", "::/0")),
        ],
        interface(
            FULL,
            peer(BOB, "0.0.0.0/0", "::/0", endpoint=DIALLED6),
            private_key=PRIVATE,
            public_key=PUBLIC,
            listen_port=51820,
            fwmark=0x1234,
        ),
    ),
    case(
        "what a step does not set is left alone",
        interface(FULL, private_key=PRIVATE, public_key=PUBLIC, listen_port=51820, fwmark=7),
        [SetDevice(listen_port=51821), SetPeer(ALICE, persistent_keepalive=10)],
        interface(
            FULL._replace(persistent_keepalive=10),
            private_key=PRIVATE,
            public_key=PUBLIC,
            listen_port=51821,
            fwmark=7,
        ),
    ),
    case("no fwmark is zero", interface(fwmark=7), [SetDevice(fwmark=0)], interface()),
    case(
        "no keepalive is zero",
        interface(FULL),
        [SetPeer(ALICE, persistent_keepalive=0)],
        interface(FULL._replace(persistent_keepalive=0)),
    ),
    case(
        "a preshared key is taken away",
        interface(FULL),
        [SetPeer(ALICE, preshared_key=None)],
        interface(FULL._replace(preshared_key=None)),
    ),
    case(
        "a device cannot forget an endpoint",
        interface(FULL),
        [SetPeer(ALICE, endpoint=None, persistent_keepalive=25)],
        interface(FULL),
    ),
    case(
        "an endpoint is dialled anew",
        interface(peer(ALICE, endpoint=DIALLED)),
        [SetPeer(ALICE, endpoint=DIALLED6)],
        interface(peer(ALICE, endpoint=DIALLED6)),
    ),
    case(
        "allowed ips are added",
        interface(peer(ALICE, "10.0.0.0/8")),
        [SetPeer(ALICE, add_allowed_ips=prefixes("fd00::/8"))],
        interface(peer(ALICE, "10.0.0.0/8", "fd00::/8")),
    ),
    case(
        "allowed ips are replaced",
        interface(peer(ALICE, "10.0.0.0/8")),
        [SetPeer(ALICE, add_allowed_ips=prefixes("fd00::/8"), replace_allowed_ips=True)],
        interface(peer(ALICE, "fd00::/8")),
    ),
    case(
        "all allowed ips are taken away",
        interface(peer(ALICE, "10.0.0.0/8")),
        [SetPeer(ALICE, replace_allowed_ips=True)],
        interface(peer(ALICE)),
    ),
    case(
        "an added prefix leaves the peer that had it",
        interface(peer(ALICE, "10.0.0.0/8", "10.1.0.0/16"), peer(BOB)),
        [SetPeer(BOB, add_allowed_ips=prefixes("10.1.0.0/16"))],
        interface(peer(ALICE, "10.0.0.0/8"), peer(BOB, "10.1.0.0/16")),
    ),
    case(
        "a peer is removed, the others stay",
        interface(FULL, peer(BOB, "10.2.0.0/16")),
        [RemovePeer(BOB)],
        interface(FULL),
    ),
    case("removing a peer that is not there does nothing", interface(FULL), [RemovePeer(CAROL)], interface(FULL)),
    case(
        "a peer that is gone is not brought back by a change",
        interface(FULL),
        [SetPeer(BOB, persistent_keepalive=25)],
        interface(FULL),
    ),
    case(
        "a public key of zeros is a key like any other",  # on a device with a key; one without takes it for its own
        interface(private_key=PRIVATE, public_key=PUBLIC),
        [SetPeer(ZEROS, True)],
        interface(peer(ZEROS), private_key=PRIVATE, public_key=PUBLIC),
    ),
    case("a peer may be created with nothing", interface(), [SetPeer(CAROL, True)], interface(peer(CAROL))),
)

# Steps in which there is nothing that a device holds.
EMPTY: tuple[tuple[DeviceStep, ...], ...] = (
    (),
    (SetDevice(),),
    (SetPeer(ALICE, name="alice"),),
    (SetPeer(ALICE, endpoint=None),),
)
