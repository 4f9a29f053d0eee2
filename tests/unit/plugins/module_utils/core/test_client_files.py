# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of clients are written, closed and removed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.clients.files import (
    FILE_MODE,
    TOP,
    Close,
    Found,
    FoundDirectory,
    FoundFile,
    MakeDirectory,
    Place,
    Remove,
    RemoveDirectory,
    Step,
    Write,
    file_of,
    files_of,
    plan_files,
    step_words,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import SecretText

ALICE, BOB = ("corp", "alice"), ("corp", "bob")
NOTHING = Found({}, {}, {})
SECRET = SecretText(b"PrivateKey = AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
OTHER = SecretText(b"something else")
EVERY_PLACE = [place for client in (ALICE, BOB, ("home", "alice")) for place in files_of(client)]


def carried_out(found: Found, steps: tuple[Step, ...]) -> Found:
    """What the steps make of a directory; refuses what a file system refuses."""
    directories, files = dict(found.directories), dict(found.files)
    for step in steps:
        if isinstance(step, MakeDirectory):
            assert step.place == TOP or step.place[:-1] in directories
            shared = directories[step.place].shared if step.place in directories else False
            directories[step.place] = FoundDirectory(shared=shared)
        elif isinstance(step, Write):
            assert step.place[:-1] in directories
            files[step.place] = FoundFile(step.content, step.encrypt)
        elif isinstance(step, Remove):
            del files[step.place]
        elif isinstance(step, RemoveDirectory):
            assert not [place for place in (*files, *directories) if place and place[:-1] == step.place]
            assert not directories.pop(step.place).shared
        elif step.place in files:
            files[step.place] = files[step.place]._replace(mode=step.mode)
        else:
            directories[step.place] = directories[step.place]._replace(mode=step.mode)
    return Found(directories, files, found.others)


WANTED = st.dictionaries(st.sampled_from(EVERY_PLACE), st.sampled_from([SECRET, OTHER]))


@given(WANTED, WANTED, st.booleans(), st.booleans(), st.sampled_from([0o600, 0o644]), st.booleans())
def test_after_the_steps_exactly_the_wanted_files_are_there_and_nothing_is_left_to_do(
    first: dict[Place, SecretText],
    second: dict[Place, SecretText],
    was_encrypted: bool,
    encrypt: bool,
    mode: int,
    shared: bool,
) -> None:
    found = carried_out(NOTHING, plan_files(NOTHING, first, was_encrypted))
    loose = Found(
        {place: each._replace(mode=mode | 0o100, shared=shared) for place, each in found.directories.items()},
        {place: each._replace(mode=mode) for place, each in found.files.items()},
        {},
    )
    after = carried_out(loose, plan_files(loose, second, encrypt))
    assert {place: file.content for place, file in after.files.items()} == second
    assert {(file.mode, file.encrypted) for file in after.files.values()} <= {(FILE_MODE, encrypt)}
    assert plan_files(after, second, encrypt) == ()


def test_directories_are_made_from_above() -> None:
    steps = plan_files(NOTHING, {file_of(ALICE, "conf"): SECRET}, False)
    assert words(steps) == [
        "make_directory /",
        "make_directory corp/",
        "make_directory corp/alice/",
        "write corp/alice/alice.conf",
    ]


def test_a_client_that_is_gone_leaves_nothing_but_what_someone_else_put_there() -> None:
    wanted = {file_of(ALICE, "conf"): SECRET, file_of(BOB, "conf"): SECRET}
    found = carried_out(NOTHING, plan_files(NOTHING, wanted, False))
    removal = plan_files(found, {}, False)
    assert words(removal) == [
        "remove corp/alice/alice.conf",
        "remove corp/bob/bob.conf",
        "remove_directory corp/alice/",
        "remove_directory corp/bob/",
        "remove_directory corp/",
    ]
    found.directories[ALICE] = FoundDirectory(shared=True)
    kept = plan_files(found, {}, False)
    assert {step.place for step in kept if isinstance(step, RemoveDirectory)} == {BOB}


@pytest.mark.parametrize("taken", [TOP, ("corp",), ALICE, file_of(ALICE, "conf")])
def test_what_is_in_the_way_is_a_problem_before_anything_is_written(taken: Place) -> None:
    found = Found({}, {}, {taken: "is someone else's", file_of(BOB, "conf"): "is not wanted"})
    with pytest.raises(InvalidInput) as caught:
        plan_files(found, {file_of(ALICE, "conf"): SECRET}, False)
    assert [problem.message for problem in caught.value.problems] == ["is someone else's"]


def test_a_file_or_directory_that_others_may_read_is_closed_to_them() -> None:
    place = file_of(ALICE, "conf")
    directories = {TOP: FoundDirectory(), ("corp",): FoundDirectory(0o755), ALICE: FoundDirectory()}
    found = Found(directories, {place: FoundFile(SECRET, mode=0o640)}, {})
    assert plan_files(found, {place: SECRET}, False) == (Close(("corp",), 0o700), Close(place, 0o600))


def test_a_file_is_written_anew_when_it_shall_be_encrypted_and_is_not() -> None:
    place = file_of(ALICE, "conf")
    found = Found({TOP: FoundDirectory(), ("corp",): FoundDirectory(), ALICE: FoundDirectory()}, {}, {})
    found.files[place] = FoundFile(SECRET)
    assert plan_files(found, {place: SECRET}, True) == (Write(place, SECRET, True),)


def words(steps: tuple[Step, ...]) -> list[str]:
    return ["{do} {path}".format(**step_words(step)) for step in steps]


def test_the_files_of_a_client_about_whom_not_all_is_known_stay() -> None:
    wanted = {place: SECRET for place in (*files_of(ALICE), *files_of(BOB))}
    found = carried_out(NOTHING, plan_files(NOTHING, wanted, False))
    key = files_of(ALICE)[0]
    steps = plan_files(found, {key: OTHER}, False, kept=[ALICE])
    assert {step.place for step in steps if isinstance(step, Remove)} == set(files_of(BOB))
    assert [step for step in steps if step.place[:2] == ALICE] == [Write(key, OTHER, False)]


def test_the_empty_directory_of_a_client_about_whom_not_all_is_known_stays() -> None:
    found = Found({TOP: FoundDirectory(), ("corp",): FoundDirectory(), ALICE: FoundDirectory()}, {}, {})
    assert plan_files(found, {}, False, kept=[ALICE]) == ()


def test_no_step_tells_what_is_in_a_file() -> None:
    step = Write(file_of(ALICE, "conf"), SECRET, True)
    assert "AAEC" not in repr(step) + str(step_words(step))
