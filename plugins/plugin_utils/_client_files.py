# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a declaration to the files of its clients.

Rules of this file: nothing is read or written here. What is not known yet is said and not guessed: then the files of
that client stay as they are. An expired client loses its files but not its key, so that it can be prolonged; the files
of one that was removed are simply wanted by nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ansible_collections.wgfleet.wireguard.plugins.module_utils._backends.routeros.client_script import render_script
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.clients.files import (
    CONF,
    IMAGES,
    KEY_FILE,
    RSC,
    Found,
    Place,
    file_of,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.clients.keys import ClientKey, choose_key
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.clients.text import (
    ROUTEROS,
    preshared_keys,
    render_quick,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, InvalidValue, Problem
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.client_plan import (
    ClientPlan,
    client_plan,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.declaration import Declaration, Derive
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.networks.registry import (
    ClientEntry,
    Pinned,
    Registry,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.days import Day
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
    PrivateKey,
    SecretText,
    decode_key,
)
from ansible_collections.wgfleet.wireguard.plugins.plugin_utils import _qr_code

# Makes the private key of the client of a network.
MakeKey = Callable[[str, str], PrivateKey]


class Request(NamedTuple):
    """What is asked for, beside the declaration."""

    today: Day
    formats: Sequence[str]
    psk_secret: str
    derive: Derive
    make: MakeKey


class ClientFiles(NamedTuple):
    """What there is to be of one client."""

    plan: ClientPlan
    key: ClientKey
    place: Place
    files: Mapping[Place, SecretText]
    complete: bool  # if not, its other files stay as they are
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def lacking(self, directory: str) -> str:
        """Say in short what keeps its files from being made, for a list of clients; nothing where nothing does."""
        path = f"{directory}/{'/'.join((*self.place, KEY_FILE))}"
        if self.complete:
            return ""
        if self.key.problem and self.key.private_key is None:
            return f"its private key is not on this controller: bring {path} back"
        if self.key.problem:
            return f"the registry has another public key pinned than that of {path}"
        return f"it waits for the public key of {' and '.join(self.plan.missing)}"


def client_files(declaration: Declaration, registry: Registry, found: Found, request: Request) -> list[ClientFiles]:
    """Give what there is to be of all clients. Raises InvalidInput with all problems, and MissingLibrary."""
    problems: list[Problem] = []
    result = []
    for network in declaration.values():
        for client in network.clients:
            try:
                plan = client_plan(declaration, registry, network.name, client, request.today)
                pinned = registry.get(network.name, Pinned()).clients.get(client, ClientEntry())
                result.append(_files(plan, pinned, found, request))
            except InvalidInput as error:
                problems.extend(error.problems)
    if problems:
        raise InvalidInput(dict.fromkeys(problems))
    return result


def _files(plan: ClientPlan, pinned: ClientEntry, found: Found, request: Request) -> ClientFiles:
    client = plan.client
    place = (plan.network, client.name)
    key_place = (*place, KEY_FILE)
    kept = _kept_key(key_place, found)
    path = "/".join(key_place)
    known = None if pinned.provisional else pinned.public_key
    key = choose_key(client, kept, known, request.derive, lambda: request.make(*place), path)
    result = ClientFiles(plan, key, place, _key_file(key_place, key), complete=True)
    missing = [f"the public key of {server} is not known yet" for server in plan.missing]
    missing += [key.problem] if key.problem else []
    if plan.expired:
        return result
    if missing:
        who = "/".join(place)
        warnings = (f"{who}: {key.problem}",) if key.problem else ()
        return result._replace(complete=False, missing=tuple(f"{who}: {each}" for each in missing), warnings=warnings)
    return _with_texts(result, request)


def _kept_key(place: Place, found: Found) -> PrivateKey | None:
    file = found.files.get(place)
    if file is None:
        return None
    try:
        return decode_key(file.content.raw.decode("ascii", "replace"), PrivateKey)
    except InvalidValue as error:
        raise InvalidInput(
            [Problem("/".join(place), f"what is in this file {error}; move it out of the way")]
        ) from None


def _key_file(place: Place, key: ClientKey) -> dict[Place, SecretText]:
    return {} if key.private_key is None else {place: SecretText((key.private_key.reveal() + "\n").encode("ascii"))}


def _with_texts(result: ClientFiles, request: Request) -> ClientFiles:
    psks = preshared_keys(result.plan, request.psk_secret)
    text = render_quick(result.plan, result.key, psks)
    files = dict(result.files)
    if CONF in request.formats:
        files[file_of(result.place, CONF)] = text
    if RSC in request.formats or result.plan.client.platform == ROUTEROS:
        files[file_of(result.place, RSC)] = render_script(result.plan, result.key, psks)
    if result.key.private_key is None:
        return result._replace(files=files)
    try:
        files.update(_images(result.place, text, request.formats))
    except InvalidValue as error:
        sentence = f"{'/'.join(result.place)}: the text {error}, so there is no image of it; hand over the file"
        return result._replace(files=files, missing=(sentence,), warnings=(sentence,))
    return result._replace(files=files)


def _images(place: Place, text: SecretText, formats: Sequence[str]) -> Iterator[tuple[Place, SecretText]]:
    kinds = [kind for kind in IMAGES if kind in formats]
    drawing = _qr_code.code(text) if kinds else None
    for kind in kinds:
        yield file_of(place, kind), _qr_code.draw(drawing, kind)
