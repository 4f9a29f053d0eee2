# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What both codecs make of steps before they encode them.

Rules of this file: no I/O. What WireGuard does not hold (a peer's name, the wish to forget an endpoint) makes no
message. Device fields do not depend on peers, so they stand at the head, wherever they come among the steps.
"""

from __future__ import annotations

import ipaddress
from typing import Sequence, Union

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import UNSET
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import (
    RemovePeer,
    SetDevice,
    SetPeer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import Endpoint

PeerStep = Union[SetPeer, RemovePeer]
DeviceStep = Union[SetDevice, SetPeer, RemovePeer]


def device_step(steps: Sequence[DeviceStep]) -> SetDevice:
    """Give all device fields that the steps set as one step; the last one counts."""
    merged = SetDevice()
    for step in steps:
        if isinstance(step, SetDevice):
            merged = SetDevice(
                private_key=merged.private_key if step.private_key is UNSET else step.private_key,
                listen_port=merged.listen_port if step.listen_port is UNSET else step.listen_port,
                fwmark=merged.fwmark if step.fwmark is UNSET else step.fwmark,
            )
    return merged


def peer_steps(steps: Sequence[DeviceStep]) -> list[PeerStep]:
    """Give the steps that change something that WireGuard holds of a peer, in their order."""
    return [step for step in steps if isinstance(step, RemovePeer) or (isinstance(step, SetPeer) and _has_effect(step))]


def numeric_endpoint(endpoint: Endpoint) -> tuple[bytes, str]:
    """Give the packed address (4 or 16 bytes) and the IPv6 zone ("" for none). Raises InvalidValue for a host name."""
    address, _percent, zone = endpoint.host.partition("%")
    try:
        return ipaddress.ip_address(address).packed, zone
    except ValueError:
        raise InvalidValue(f"endpoint {endpoint} is no address: it must be resolved first") from None


def _has_effect(step: SetPeer) -> bool:
    return bool(
        step.create
        or step.add_allowed_ips
        or step.replace_allowed_ips
        or step.preshared_key is not UNSET
        or step.persistent_keepalive is not UNSET
        or isinstance(step.endpoint, Endpoint)
    )
