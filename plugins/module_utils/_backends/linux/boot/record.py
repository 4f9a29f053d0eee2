# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Linux itself does not remember of an interface, as JSON without any secret.

Rules of this file: the text is deterministic; a record that cannot be read, or is not there, is empty and says why.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Mapping

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.interface_options import PERSIST_KINDS
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import Interface, Rule
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.quick.values import parse_quick_endpoint
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import (
    Endpoint,
    Prefix,
    parse_prefix,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import PublicKey, decode_key

FORMAT = 1


@dataclass(frozen=True)
class Record:
    """How the interface persists, its rules, and of each peer the endpoint as declared (None: none is) and the label.

    `problem` tells why a record could not be read; everything else is empty then.
    """

    persist: str = "none"
    endpoints: Mapping[PublicKey, Endpoint | None] = field(default_factory=dict)
    labels: Mapping[PublicKey, str] = field(default_factory=dict)
    rules: frozenset[Rule] = frozenset()
    problem: str = ""


def render_record(interface: Interface) -> str:
    """Render the record of an interface that exists."""
    peers = {
        str(key): {"endpoint": str(peer.endpoint) if peer.endpoint else None, "name": peer.name}
        for key, peer in interface.peers.items()
    }
    rules = sorted((_render_rule(rule) for rule in interface.rules), key=lambda row: json.dumps(row, sort_keys=True))
    record = {"format": FORMAT, "persist": interface.persist, "peers": peers, "rules": rules}
    return json.dumps(record, indent=1, sort_keys=True) + "\n"


def parse_record(text: str) -> Record:
    """Parse a record. Raises nothing: one that is broken gives an empty Record with its `problem`."""
    try:
        record = json.loads(text)
        if record["format"] != FORMAT:
            return Record(problem="it is of a format that this version does not know")
        peers = {decode_key(key, PublicKey): peer for key, peer in record["peers"].items()}
        return Record(
            persist=PERSIST_KINDS[PERSIST_KINDS.index(record["persist"])],
            endpoints={key: _endpoint(peer["endpoint"]) for key, peer in peers.items()},
            labels={key: _string(peer["name"]) for key, peer in peers.items()},
            rules=frozenset(_parse_rule(row) for row in record["rules"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, InvalidValue) as error:
        return Record(problem=f"it is damaged ({type(error).__name__})")


def _render_rule(rule: Rule) -> dict[str, Any]:
    return {name: str(value) if isinstance(value, Prefix) else value for name, value in rule._asdict().items()}


def _parse_rule(row: dict[str, Any]) -> Rule:
    return Rule(**{**row, "source": _prefix(row["source"]), "destination": _prefix(row["destination"])})


def _prefix(text: str | None) -> Prefix | None:
    return None if text is None else parse_prefix(text)


def _endpoint(text: str | None) -> Endpoint | None:
    return None if text is None else parse_quick_endpoint(text)


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
