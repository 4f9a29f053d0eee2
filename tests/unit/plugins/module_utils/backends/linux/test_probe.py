# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a packet goes that asks a peer for a sign of life."""

from __future__ import annotations

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.probe import destination
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import parse_prefix


@pytest.mark.parametrize(
    ("prefix", "address"),
    [
        ("10.9.0.2/32", "10.9.0.2"),
        ("10.2.0.0/16", "10.2.0.1"),
        ("10.2.0.0/31", "10.2.0.1"),
        ("0.0.0.0/0", "192.0.2.1"),
        ("fd66::2/128", "fd66::2"),
        ("fd00:202::/64", "fd00:202::1"),
        ("::/0", "2001:db8::1"),
    ],
)
def test_a_probe_goes_to_an_address_of_the_prefix_that_can_be_sent_to(prefix: str, address: str) -> None:
    assert str(destination(parse_prefix(prefix))) == address
