# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What firewalld has at run time and not in its files, as `firewall-cmd` lists both: a reload would lose it.

Rules of this file: no I/O. A listing is made of blocks, each with the name of a zone or policy and indented lines:
values after a name and a colon, and rich rules, one on a line.
"""

from __future__ import annotations

from typing import Iterator, NamedTuple, Sequence


class Setting(NamedTuple):
    """One value of one field of a zone or policy."""

    block: str
    field: str
    value: str


# Lists of everything; each is asked for twice, with and without --permanent.
LISTINGS = (
    ("--list-all-zones",),
    ("--list-all-policies",),
    ("--direct", "--get-all-chains"),
    ("--direct", "--get-all-rules"),
    ("--direct", "--get-all-passthroughs"),
)
_DIRECT = ("ipv4", "ipv6", "eb")  # what direct rules begin with, which are in no block
_SOME = 5  # so many are named in an error
# These put their interfaces into their zones again when they hear of a reload.
_LISTENERS = ("docker", "libvirt")


def settings_in(listing: str) -> Iterator[Setting]:
    """Give what a listing says."""
    block = field = ""
    for line in listing.splitlines():
        words = line.split()
        if not words:
            block = field = ""
        elif words[0] in _DIRECT and not line[0].isspace():
            yield Setting("direct", "", line)
        elif not line[0].isspace():
            block = words[0]
        elif line.startswith("\t"):
            yield Setting(block, field, line.strip())
        else:
            field, _colon, values = line.strip().partition(":")
            for value in values.split():
                yield Setting(block, field, value)


def only_running(running: str, permanent: str, with_manager: bool) -> list[str]:
    """Give in words what would be lost. `with_manager`: NetworkManager puts interfaces into their zones again."""
    kept = set(settings_in(permanent))
    lost = [each for each in settings_in(running) if each not in kept]
    return [" ".join(filter(None, each)) for each in lost if not _comes_back(each, with_manager)]


def loss_words(lost: Sequence[str]) -> str:
    """Say why firewalld is not to be reloaded."""
    named = "; ".join(lost[:_SOME]) + (f"; and {len(lost) - _SOME} more" if len(lost) > _SOME else "")
    return (
        f"firewalld has to be reloaded, and would lose what it has at run time only ({named}):"
        " keep that by firewall-cmd --runtime-to-permanent, or let go of it by firewall-cmd --reload"
    )


def _comes_back(setting: Setting, with_manager: bool) -> bool:
    return setting.field == "interfaces" and (with_manager or setting.block.startswith(_LISTENERS))
