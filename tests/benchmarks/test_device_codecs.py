# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the codecs cost per peer: 10,000 peers with an endpoint, a preshared key, a keepalive and two prefixes each.

The bounds are several times what was measured, for slow and busy machines; `-s` shows the figures.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.device import (
    netlink_messages,
    uapi_text,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import SetPeer
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.backends.linux.device_cases import (
    DIALLED,
    PRESHARED,
    prefixes,
)
from ansible_collections.wgfleet.wireguard.tests.unit.plugins.module_utils.backends.linux.device_interpreters import (
    Held,
    HeldPeer,
    NetlinkJudge,
    TextJudge,
)

PEERS = 10_000
STEPS = [
    SetPeer(
        PublicKey(struct.pack(">I", number) * 8),
        True,
        PRESHARED,
        DIALLED,
        prefixes(f"10.{number // 256}.{number % 256}.0/24", f"fd00:{number:x}::/64"),
        True,
        25,
    )
    for number in range(PEERS)
]
HELD = Held(
    peers={
        step.public_key.raw: HeldPeer(PRESHARED.raw, tuple(DIALLED), 25, set(map(str, step.add_allowed_ips)))
        for step in STEPS
    }
)


def batched(payloads: list[bytes], count: int = 140) -> list[bytes]:
    """Put as many peers into a payload as a kernel does; the judge gives one each."""
    name, head = payloads[0][8:16], 16 + 4
    parts = [b"".join(payload[head:] for payload in payloads[at : at + count]) for at in range(1, len(payloads), count)]
    return [payloads[0], *(name + struct.pack("=HH", 4 + len(part), 8) + part for part in parts)]


DUMP, TEXT = batched(NetlinkJudge(HELD).dump()), TextJudge(HELD).get()


@pytest.mark.parametrize(
    ("work", "bound"),
    [
        (lambda: netlink_messages.encode_set("wg0", STEPS), 15),
        (lambda: netlink_messages.decode_device(DUMP), 25),
        (lambda: uapi_text.encode_set(STEPS), 50),
        (lambda: uapi_text.decode_get(TEXT), 100),
    ],
    ids=["netlink encode", "netlink decode", "text encode", "text decode"],
)
def test_a_peer_costs_microseconds(work: Callable[[], object], bound: int, request: pytest.FixtureRequest) -> None:
    durations = []
    for _run in range(5):
        start = time.process_time()
        work()
        durations.append(time.process_time() - start)
    per_peer = min(durations) / PEERS * 1e6
    print(f"{request.node.callspec.id}: {per_peer:.1f} µs per peer")
    assert per_peer < bound


def test_the_measured_dumps_hold_every_peer() -> None:
    assert len(netlink_messages.decode_device(DUMP).peers) == len(uapi_text.decode_get(TEXT).peers) == PEERS
