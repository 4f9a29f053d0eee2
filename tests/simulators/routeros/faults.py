# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be made to go wrong. Counts run over all sessions from the moment a fault is set; each fires once.

``trap-write=N[:MESSAGE]``      the N-th write is refused, nothing is stored
``cut-before-request=N``        the N-th sentence of a client is lost, and the connection with it
``cut-after-request=N``         the N-th sentence is obeyed, but the connection ends without an answer
``cut-after-reply=N``           the connection ends after the N-th sentence of the router
``cut-inside-reply=N``          it ends in the middle of it
``stall-request=N``             the N-th sentence is obeyed, but never answered; the connection stays
``slow=MS``                     every answer takes so much longer, one after the other
``sessions-full``               no further session is accepted (until ``clear``)
``clear``                       nothing goes wrong any more
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.wgfleet.wireguard.tests.simulators.routeros.traps import GENERAL, Trap

COUNTED = (
    "trap-write", "cut-before-request", "cut-after-request", "cut-after-reply", "cut-inside-reply", "stall-request",
)  # fmt: skip


class Cut(Exception):
    """The connection ends here."""


class Stall(Exception):
    """There will be no answer."""


@dataclass
class Faults:
    """The faults that wait for their moment."""

    slow: float = 0.0
    full: bool = False
    _waiting: dict[str, tuple[int, str]] = field(default_factory=dict)

    def set(self, text: str) -> None:
        """Set a fault by its description."""
        name, _equals, value = text.partition("=")
        if name == "clear":
            self.slow, self.full, self._waiting = 0.0, False, {}
        elif name == "sessions-full":
            self.full = True
        elif name == "slow":
            self.slow = float(value) / 1000
        elif name in COUNTED:
            count, _colon, message = value.partition(":")
            self._waiting[name] = (int(count), message)
        else:
            raise ValueError(f"there is no fault '{name}'; there are {', '.join(COUNTED)}, slow, sessions-full, clear")

    @property
    def pending(self) -> list[str]:
        """Names of counted faults that have not fired."""
        return sorted(self._waiting)

    def _fires(self, name: str) -> str | None:
        """Count one more and give the fault's message when its moment is there."""
        if name not in self._waiting:
            return None
        count, message = self._waiting[name]
        if count > 1:
            self._waiting[name] = (count - 1, message)
            return None
        del self._waiting[name]
        return message

    def before_request(self) -> None:
        """Cut the connection before a request is obeyed."""
        if self._fires("cut-before-request") is not None:
            raise Cut

    def after_request(self) -> None:
        """Cut it, or stop answering, when the request has been obeyed."""
        if self._fires("cut-after-request") is not None:
            raise Cut
        if self._fires("stall-request") is not None:
            raise Stall

    def before_write(self) -> None:
        """Refuse a write."""
        if (message := self._fires("trap-write")) is not None:
            raise Trap(message or "action failed (6)", GENERAL)

    def share_of_reply(self) -> float | None:
        """Say how much of the next reply sentence is sent before the connection ends; None if it goes on."""
        inside, after = self._fires("cut-inside-reply"), self._fires("cut-after-reply")
        if inside is not None:
            return 0.5
        return 1.0 if after is not None else None
