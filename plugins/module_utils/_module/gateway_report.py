# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module says of a gateway: steps and differences as plain data.

Rules of this file: what a user owned before, and owns afterwards. No secret is in a gateway.
"""

from __future__ import annotations

from typing import Any, Iterable, Mapping, Sequence

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.forwarding import (
    Forwarding,
    KeepSwitches,
    RecordSwitches,
    SetSwitch,
    apply_forwarding,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.gateway import GatewayState, GatewayStep
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.options import Needs
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import (
    TABLES,
    AddEntry,
    Clamp,
    Entry,
    Handle,
    Member,
    MoveEntry,
    Opening,
    ProxyNdp,
    RemoveEntry,
    Translation,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.settings import (
    ChangeSetting,
    Note,
    Setting,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import File
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.class_words import word_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.report import plain

_ENTRY_STEPS = (AddEntry, MoveEntry, RemoveEntry)
_FORWARDING_STEPS = (RecordSwitches, KeepSwitches, SetSwitch)
_KINDS: Mapping[type, str] = {Opening: "openings", Translation: "translations", Clamp: "clamps", ProxyNdp: "proxy_ndp"}


def step_words(step: GatewayStep) -> dict[str, Any]:
    """Give a step as a dictionary: `do`, and what it does it to."""
    words: dict[str, Any] = {"do": word_of(type(step))}
    if isinstance(step, _ENTRY_STEPS):
        words["do"] = words["do"].replace("entry", _kind(step))
    for name, value in vars(step).items():
        if isinstance(value, Handle):
            words.update({name: value.id, **({"version": value.version} if value.version else {})})
        elif isinstance(value, (Opening, Translation, Clamp, ProxyNdp, Member, Setting)):
            words.update(_fields(value))
        elif isinstance(value, Note):
            words.update({**_fields(value.setting), "value": value.value, "before": value.before})
        elif value not in (None, "") and not isinstance(value, File):
            words[name] = plain(value)
    return words


def _kind(step: AddEntry | MoveEntry | RemoveEntry) -> str:
    if step.entry is not None:
        return word_of(type(step.entry))
    table = step.handle.table if isinstance(step, RemoveEntry) else ""
    return next((word_of(kind) for kind, name in TABLES.items() if name == table), "opening")


def _fields(value: Entry | Member | Setting) -> dict[str, Any]:
    return {name: plain(item) for name, item in value._asdict().items() if item not in (None, "", 0)}


def gateway_difference(
    user: str, needed: Needs, steps: Sequence[GatewayStep], before: GatewayState, after: GatewayState | None
) -> dict[str, dict[str, Any]]:
    """Give `before` and `after` of what a user owns; without `after`, the steps tell it."""
    owned = [rule.entry for rule in before.filter.rules if rule.owner == user and rule.entry is not None]
    members = [member for member, owner in before.filter.members.items() if owner == user]
    sides = [_filter_words(owned, members), _filter_words(needed.entries, needed.members)]
    forwarding_steps = [step for step in steps if isinstance(step, _FORWARDING_STEPS)]
    if forwarding_steps:
        forwarding = after.forwarding if after else apply_forwarding(before.forwarding, forwarding_steps)
        touched = before.forwarding.on ^ forwarding.on
        for side, state in zip(sides, (before.forwarding, forwarding)):
            side["forwarding"] = _forwarding_words(state, user, touched)
    changes = [step for step in steps if isinstance(step, ChangeSetting)]
    for step in changes:
        name = " ".join(filter(None, (step.setting.menu, step.setting.row, step.setting.name)))
        for side, value in zip(sides, (before.settings.values.get(step.setting, ""), step.value)):
            side.setdefault("settings", {})[name] = value
    return {"before": sides[0], "after": sides[1]}


def _filter_words(entries: Iterable[Entry], members: Iterable[Member]) -> dict[str, Any]:
    ordered = sorted(dict.fromkeys(entries), key=repr)
    words: dict[str, Any] = {
        kind: [_fields(entry) for entry in ordered if isinstance(entry, of)] for of, kind in _KINDS.items()
    }
    words["list_members"] = list(map(_fields, sorted(members)))
    return words


def _forwarding_words(state: Forwarding, user: str, touched: frozenset[str]) -> dict[str, Any]:
    return {"now": sorted(state.on & touched), "at_boot": plain(state.needed.get(user, frozenset()))}
