# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of a device that several share: what they are, who had them set, and what was so before.

Rules of this file: pure. A setting that is as it is needed is not ours and needs no note. One that we change is noted
before with what it was, and set back when the last who needs it has gone, unless someone has changed it since.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Collection, Mapping, NamedTuple, Union


class Setting(NamedTuple):
    """A property of a menu, and of the row of that name where the menu has many."""

    menu: str
    name: str
    row: str = ""


class Note(NamedTuple):
    """A user has needed a setting to be `value`, and without us it was `before`."""

    user: str
    setting: Setting
    value: str
    before: str


class Settings(NamedTuple):
    """The observed state."""

    values: Mapping[Setting, str] = {}
    notes: Collection[Note] = ()


@dataclass(frozen=True)
class AddNote:
    """Note what a setting was."""

    note: Note


@dataclass(frozen=True)
class ChangeSetting:
    """Set a setting."""

    setting: Setting
    value: str


@dataclass(frozen=True)
class RemoveNote:
    """Forget what a setting was."""

    note: Note


SettingStep = Union[AddNote, ChangeSetting, RemoveNote]


def plan_settings(observed: Settings, user: str, needed: Mapping[Setting, str]) -> tuple[SettingStep, ...]:
    """Give the steps after which the settings are as a user needs them.

    A run may die between any two of them: a note comes before its change, and goes after what it was is back.
    """
    steps: list[SettingStep] = []
    for setting, value in sorted(needed.items()):
        notes = [note for note in observed.notes if note.setting == setting]
        now = observed.values.get(setting, "")
        if not any(note.user == user for note in notes) and (notes or now != value):
            steps.append(AddNote(Note(user, setting, value, notes[0].before if notes else now)))
        if now != value:
            steps.append(ChangeSetting(setting, value))
    for note in sorted(each for each in observed.notes if each.user == user and each.setting not in needed):
        shared = any(each.setting == note.setting and each.user != user for each in observed.notes)
        if not shared and observed.values.get(note.setting) == note.value != note.before:
            steps.append(ChangeSetting(note.setting, note.before))
        steps.append(RemoveNote(note))
    return tuple(steps)
