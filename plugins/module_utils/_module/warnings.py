# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run cannot know, or cannot help, and has to say.

Rules of this file: pure; as `converge`, it knows no Ansible.
"""

from __future__ import annotations

from typing import Callable, Iterator

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import (
    DesiredInterface,
    Unset,
    given,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import (
    HIDDEN,
    RUNNING,
    Interface,
    Property,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PrivateKey, PublicKey

_FEW = 5
_BLIND = "because the user may not see keys (on RouterOS, its group lacks the policy sensitive)"


def hidden_key_warnings(
    observed: Interface, desired: DesiredInterface, derive: Callable[[PrivateKey], PublicKey]
) -> Iterator[str]:
    """Tell which keys a device hides, so that they were not held against the ones that were given."""
    key = desired.private_key
    if not desired.present or not observed.exists:
        return
    if observed.private_key is HIDDEN and not isinstance(key, Unset) and derive(key) != observed.public_key:
        yield (
            f"{observed.name} keeps its private key, of which {observed.public_key} is the public half, and does not"
            f" get the given private_key, {_BLIND}"
        )
    hidden = [
        peer.public_key
        for peer in desired.peers
        if peer.public_key in observed.peers
        and observed.peers[peer.public_key].preshared_key is HIDDEN
        and not isinstance(peer.preshared_key, Unset)
    ]
    if hidden:
        names = ", ".join(observed.peers[key].name or str(key) for key in hidden[:_FEW])
        more = f" and {len(hidden) - _FEW} more" if len(hidden) > _FEW else ""
        yield f"the preshared_key of {names}{more} was not compared and stays as it is, {_BLIND}"


def disabled_warnings(predicted: Interface, desired: DesiredInterface) -> Iterator[str]:
    """Tell of an interface that nobody asks to be up and that is not: a run may have died before it enabled it."""
    if predicted.exists and not predicted.up and isinstance(desired.up, Unset) and desired.start:
        missing = ", and none of its routes is there" if given(desired.routes, None) else ""
        yield (
            f"{predicted.name} is disabled{missing}: enabled=true brings it up, and with enabled=false this is not told"
        )


def state_warnings(settled: Interface) -> Iterator[str]:
    """Tell of an interface that was read whether it does not do what it is enabled for, or will not after a boot."""
    if settled.boot_obstacle:
        yield f"{settled.name} will not come up at boot: {settled.boot_obstacle}"
    if settled.up and Property(RUNNING, False) in settled.properties:
        yield (
            f"{settled.name} is enabled and does not run: another interface may have its port {settled.listen_port}"
            " (listen_port)"
        )
