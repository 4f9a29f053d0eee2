# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings that several share, and what they were before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.gateway.settings import (
    AddNote,
    ChangeSetting,
    Note,
    RemoveNote,
    Setting,
    Settings,
    SettingStep,
    plan_settings,
)

DNS = Setting("/ip/dns", "allow-remote-requests")
ON = {DNS: "true"}
CORP, HOME = (Note(user, DNS, "true", "false") for user in ("corp", "home"))


@pytest.mark.parametrize(
    ("observed", "needed", "steps"),
    [
        (Settings({DNS: "false"}), ON, (AddNote(CORP), ChangeSetting(DNS, "true"))),
        (Settings({DNS: "true"}), ON, ()),
        (Settings({DNS: "true"}, [CORP]), ON, ()),
        (Settings({DNS: "false"}, [CORP]), ON, (ChangeSetting(DNS, "true"),)),
        (Settings({DNS: "true"}, [HOME]), ON, (AddNote(CORP),)),
        (Settings({DNS: "true"}, [CORP]), {}, (ChangeSetting(DNS, "false"), RemoveNote(CORP))),
        (Settings({DNS: "true"}, [CORP, HOME]), {}, (RemoveNote(CORP),)),
        (Settings({DNS: "other"}, [CORP]), {}, (RemoveNote(CORP),)),
        (Settings({DNS: "false"}, [CORP]), {}, (RemoveNote(CORP),)),
        (Settings({DNS: "true"}, [HOME]), {}, ()),
    ],
    ids=[
        "noted and set",
        "as it was",
        "nothing to do",
        "turned off by someone",
        "shared",
        "set back",
        "still needed",
        "changed by someone since",
        "set back by someone",
        "not ours",
    ],
)
def test_what_is_done(observed: Settings, needed: dict[Setting, str], steps: tuple[SettingStep, ...]) -> None:
    assert plan_settings(observed, "corp", needed) == steps


def carried_out(observed: Settings, steps: tuple[SettingStep, ...]) -> Settings:
    values, notes = dict(observed.values), list(observed.notes)
    for step in steps:
        if isinstance(step, ChangeSetting):
            values[step.setting] = step.value
        elif isinstance(step, AddNote):
            notes.append(step.note)
        else:
            notes.remove(step.note)
    return Settings(values, notes)


runs = st.lists(st.tuples(st.sampled_from(["corp", "home"]), st.booleans(), st.integers(0, 3)), max_size=8)


@given(st.sampled_from(["true", "false"]), runs)
def test_when_all_have_gone_it_is_as_it_was_even_if_runs_died(
    before: str, history: list[tuple[str, bool, int]]
) -> None:
    state = Settings({DNS: before})
    for user, wants, survived in history:
        needed = ON if wants else {}
        state = carried_out(state, plan_settings(state, user, needed)[:survived])
    for user in ("corp", "home"):
        state = carried_out(state, plan_settings(state, user, {}))
        assert plan_settings(state, user, {}) == ()
    assert (state.values[DNS], list(state.notes)) == (before, [])
