# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules that concern a host rather than one interface: its key files, and what it tells.

Rules of this file: the flow is that of `converge`: read, plan, (check mode stops,) apply.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import Any, Callable, Mapping, Sequence

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.contract import Backend, KeyStore
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import (
    InvalidInput,
    Problem,
    at,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import UNSET
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.key_storage import (
    StoredKey,
    apply_key_steps,
    plan_key,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Interface
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.watch import Probed
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
    PrivateKey,
    PublicKey,
    decode_key,
    stand_in,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.option_values import parse_interface_name
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.arguments import Arguments
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.converge import (
    Derive,
    KeyRules,
    read_if_possible,
    refuse_foreign,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.probing import Probing, Senses
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.report import (
    interface_words,
    peer_words,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.runner import (
    OpenBackend,
    ParseName,
    interface_name,
    new_private_key,
    run,
)


def run_keypair(
    arguments: Arguments,
    open_store: Callable[[str], KeyStore],
    derive: Derive,
    open_backend: Callable[[str], Backend],
) -> None:
    """Run the module that keeps a private key in a file.

    In check mode the plan has a key that is made and forgotten, and its public half is told as one that stands for the
    one to come. An interface that the key is for, and that is somebody else's, is told before there is a key for it.
    """

    def work(module: AnsibleModule) -> Mapping[str, Any]:
        path = _absolute(module.params["path"])
        wanted = _given_key(module.params["private_key"])
        store = open_store(path)
        observed = store.read()
        if module.params["interface"] and not module.params["adopt"]:
            known = observed.private_key if wanted is None else wanted
            name = interface_name(module.params["interface"], "interface")
            with contextlib.closing(open_backend(name)) as backend:
                interface = read_if_possible(backend, name, module.check_mode)
            refuse_foreign(interface, KeyRules(None, derive, adopt=False), UNSET if known is None else known)
        steps = plan_key(observed, module.params["state"] == "present", wanted, new_private_key)
        settled = apply_key_steps(observed, steps)
        sides = [_key_words(observed, derive), _key_words(settled, derive)]
        new = settled.private_key
        if module.check_mode and new is not None and new not in (observed.private_key, wanted):
            sides[1]["public_key"] = str(stand_in(derive(new).raw))
        return {
            "changed": bool(steps),
            "writes": 0 if module.check_mode else store.apply(steps),
            "path": path,
            "public_key": sides[1].get("public_key", ""),
            "diff": {"before": sides[0], "after": sides[1]},
        }

    run(arguments, work)


def run_info(
    arguments: Arguments,
    open_backend: OpenBackend,
    interface_names: Callable[[Mapping[str, Any]], Sequence[str]],
    senses: Senses,
    obstacle: Callable[[Mapping[str, Any]], str] = lambda _params: "",
    parse_name: ParseName = parse_interface_name,
) -> None:
    """Run a module that reads interfaces and changes nothing. `obstacle` tells why there can be none."""

    def work(module: AnsibleModule) -> Mapping[str, Any]:
        name, probing = module.params["name"], Probing(senses, module.params)
        clock_words, watch = probing.clock_words(), probing.watch()
        names = interface_names(module.params) if name is None else [interface_name(name, "name", parse_name)]
        with contextlib.ExitStack() as opened:
            backends = [open_backend(each, module.params) for each in names]
            for backend in backends:
                opened.callback(backend.close)
            observed = probing.look(backends, watch)
        return {
            "changed": False,
            "interfaces": [_interface_words(each, watch.results(each.name)) for each in observed],
            "now": int(time.time()),
            **clock_words,
            "obstacle": "" if any(each.exists for each in observed) else obstacle(module.params),
        }

    run(arguments, work)


def _interface_words(interface: Interface, probed: Mapping[PublicKey, Probed]) -> dict[str, Any]:
    """Give an interface with its peers, and what a probe found of them."""
    peers = [
        {**peer_words(peer), **({"probe": probed[key]._asdict()} if key in probed else {})}
        for key, peer in sorted(interface.peers.items())
    ]
    return {**interface_words(interface), "peers": peers}


def _key_words(state: StoredKey, derive: Derive) -> dict[str, str]:
    if state.private_key is None:
        return {}
    return {"public_key": str(derive(state.private_key)), "mode": f"{state.mode:04o}"}


def _absolute(path: str) -> str:
    if not os.path.isabs(path):
        raise InvalidInput([Problem("path", f"{path} is not absolute")])
    return path


def _given_key(text: str | None) -> PrivateKey | None:
    with at("private_key"):
        return None if text is None else decode_key(text, PrivateKey)
