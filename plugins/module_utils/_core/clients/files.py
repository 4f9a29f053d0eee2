# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files of clients are to be on the controller, and what has to be done for it.

Rules of this file: pure. A place is a path below one directory, as a tuple of names. What is ours is in directories
that carry our mark; what is someone else's is neither replaced nor removed, and where it is in the way, that is a
problem before anything is written. Directories come before what is in them, and go after it. Content is compared in
clear, so that a file which would be encrypted anew stays what it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Collection, Iterable, Iterator, Mapping, NamedTuple, Tuple, Union

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.class_words import word_of
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import SecretText

DIRECTORY_MODE = 0o700
FILE_MODE = 0o600
MARK = ".wgfleet"
KEY_FILE = "private.key"
CONF, PNG, SVG, RSC = "conf", "png", "svg", "rsc"
FORMATS = (CONF, PNG, SVG, RSC)
IMAGES = (PNG, SVG)

Place = Tuple[str, ...]
TOP: Place = ()


class FoundFile(NamedTuple):
    """A file of ours: its content in clear, whether it is encrypted on the disk, its mode."""

    content: SecretText
    encrypted: bool = False
    mode: int = FILE_MODE


class FoundDirectory(NamedTuple):
    """A directory that carries our mark, or one that is empty and waits for it."""

    mode: int = DIRECTORY_MODE
    marked: bool = True
    shared: bool = False  # something is in it that is not ours


class Found(NamedTuple):
    """The observed state. Others are places that someone else has taken, with a sentence about each."""

    directories: Mapping[Place, FoundDirectory]
    files: Mapping[Place, FoundFile]
    others: Mapping[Place, str]


@dataclass(frozen=True)
class MakeDirectory:
    """Have a directory with our mark that only its owner may enter."""

    place: Place


@dataclass(frozen=True)
class Close:
    """Take a file's or directory's permissions away from others."""

    place: Place
    mode: int


@dataclass(frozen=True)
class Write:
    """Put content into a file, in place of what is there."""

    place: Place
    content: SecretText
    encrypt: bool


@dataclass(frozen=True)
class Remove:
    """Remove a file."""

    place: Place


@dataclass(frozen=True)
class RemoveDirectory:
    """Remove a directory with nothing but our mark in it."""

    place: Place


Step = Union[MakeDirectory, Close, Write, Remove, RemoveDirectory]


def files_of(client: Place) -> tuple[Place, ...]:
    """Give all places that may hold a file of a client."""
    return ((*client, KEY_FILE), *(file_of(client, kind) for kind in FORMATS))


def file_of(client: Place, kind: str) -> Place:
    """Give the place of one format."""
    return (*client, f"{client[-1]}.{kind}")


def plan_files(
    found: Found, wanted: Mapping[Place, SecretText], encrypt: bool, kept: Collection[Place] = ()
) -> tuple[Step, ...]:
    """Give the steps after which the wanted files are there and no others of ours. Raises InvalidInput.

    What is in the kept clients' directories stays as it is, as far as it is not wanted otherwise.
    """
    folders = sorted({place[:depth] for place in wanted for depth in range(len(place))})
    problems = [Problem("/".join(place), found.others[place]) for place in (*folders, *wanted) if place in found.others]
    if problems:
        raise InvalidInput(problems)
    return (
        *_directory_steps(found, folders),
        *(step for place, content in wanted.items() for step in _file_steps(found, place, content, encrypt)),
        *_removals(found, wanted, kept, folders),
    )


def _directory_steps(found: Found, folders: Iterable[Place]) -> Iterator[Step]:
    for place in folders:
        directory = found.directories.get(place)
        if directory is None or not directory.marked:
            yield MakeDirectory(place)
        elif directory.mode != DIRECTORY_MODE:
            yield Close(place, DIRECTORY_MODE)


def _file_steps(found: Found, place: Place, content: SecretText, encrypt: bool) -> Iterator[Step]:
    file = found.files.get(place)
    if file is None or file.content != content or file.encrypted != encrypt:
        yield Write(place, content, encrypt)
    elif file.mode != FILE_MODE:
        yield Close(place, FILE_MODE)


def _removals(
    found: Found, wanted: Mapping[Place, SecretText], clients: Collection[Place], folders: Iterable[Place]
) -> Iterator[Step]:
    yield from (Remove(place) for place in found.files if place not in wanted and place[:-1] not in clients)
    kept = {TOP, *folders, *clients}
    for place in sorted(found.directories, key=len, reverse=True):
        directory = found.directories[place]
        if place in kept or directory.shared or not directory.marked:
            kept.add(place[:-1])
        else:
            yield RemoveDirectory(place)


def step_words(step: Step) -> dict[str, str]:
    """Say what a step does and to what, without saying what is in the file."""
    is_directory = isinstance(step, (MakeDirectory, RemoveDirectory)) or (isinstance(step, Close) and step.mode & 0o100)
    return {"do": word_of(type(step)), "path": "/".join(step.place) + ("/" if is_directory else "")}
