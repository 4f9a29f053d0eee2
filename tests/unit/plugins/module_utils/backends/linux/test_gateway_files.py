# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What brings a gateway back at boot, and when; the lab runs the script and asks systemd about the units."""

from __future__ import annotations

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.linux.gateway.files import (
    boot_files,
    late_unit_path,
    neighbours_in,
    paths_of,
    script_path,
    unit_path,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.packet_filter import (
    INPUT,
    Opening,
    ProxyNdp,
)

OPENING = Opening(4, INPUT, protocol="udp", port=51820)
NEIGHBOUR = ProxyNdp("lan", "fd00::2")


def text(files, path):
    return files[path].content.reveal()


def test_packets_are_filtered_before_there_is_a_network_also_where_neighbours_wait_for_one():
    for entries in ([OPENING], [OPENING, NEIGHBOUR]):
        unit = text(boot_files("wg0", entries, True), unit_path("wg0"))
        assert "\nBefore=network-pre.target " in unit
        assert "\nWants=network-pre.target\n" in unit
        assert ".device" not in unit


def test_neighbours_have_a_unit_that_is_late_and_the_early_one_does_not_wait_for_them():
    files = boot_files("wg0", [OPENING, NEIGHBOUR], True)
    assert late_unit_path("wg0") not in boot_files("wg0", [OPENING], True)
    assert "After=network.target" in text(files, late_unit_path("wg0"))
    script = text(files, script_path("wg0"))
    stop = script.index('[ "${1-}" != filter ] || exit')
    assert script.index("nft -j -f -") < stop < script.index("/sys/class/net/lan") < script.index("neigh replace")
    assert f"{script_path('wg0')} filter\n" in text(files, unit_path("wg0"))
    assert neighbours_in(script) == {NEIGHBOUR}


def test_every_file_is_known_when_it_is_to_be_removed():
    files = boot_files("wg0", [OPENING, NEIGHBOUR], True)
    assert set(files) == set(paths_of("wg0"))


def test_units_are_for_everyone_to_read_and_the_script_is_not():
    files = boot_files("wg0", [OPENING, NEIGHBOUR], True)
    modes = {path: file.mode for path, file in files.items() if not file.link}
    assert modes == {script_path("wg0"): 0o600, unit_path("wg0"): 0o644, late_unit_path("wg0"): 0o644}
