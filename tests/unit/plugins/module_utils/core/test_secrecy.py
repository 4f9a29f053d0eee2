# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A secret is in no text, whatever is done to the value that holds it."""

from __future__ import annotations

import base64
import copy
import dataclasses
import json
import logging
import pickle
import pprint
import traceback
from typing import Any, Callable

import pytest

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidInput, InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.desired import (
    DesiredInterface,
    DesiredPeer,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.effects import apply_steps
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.interface_options import (
    INTERFACE_OPTIONS,
    PEER_OPTIONS,
    RULE_OPTIONS,
    desired_interface,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.model import File, Interface, Peer
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.planner import plan
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.interface.steps import (
    SetDevice,
    SetPeer,
    WriteFile,
)
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.addresses import parse_prefix
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.keys import (
    PresharedKey,
    PrivateKey,
    PublicKey,
    Secret,
    SecretText,
    clamp,
    decode_key,
)

PUBLIC = PublicKey(b"\x11" * 32)
RAW = clamp(bytes(range(0xC1, 0xE1))).raw
TEXT = base64.b64encode(RAW).decode()
FORMS = (TEXT, TEXT[:20], RAW.hex(), repr(RAW), repr(RAW)[2:-1], repr(list(RAW))[1:-1])

CONTENT = SecretText(f"[Interface]\nPrivateKey = {TEXT}\n".encode())
SECRETS = [PrivateKey(RAW), PresharedKey(RAW), CONTENT]
PEER = Peer(PUBLIC, preshared_key=PresharedKey(RAW))
DESIRED_PEER = DesiredPeer(PUBLIC, preshared_key=PresharedKey(RAW))
FILE = File(CONTENT)
HOLDERS = [
    *SECRETS,
    PEER,
    DESIRED_PEER,
    FILE,
    Interface("wg0", private_key=PrivateKey(RAW), peers={PUBLIC: PEER}, files={"/etc/wireguard/wg0.conf": FILE}),
    DesiredInterface("wg0", private_key=PrivateKey(RAW), peers=(DESIRED_PEER,)),
    SetDevice(private_key=PrivateKey(RAW)),
    SetPeer(PUBLIC, create=True, preshared_key=PresharedKey(RAW)),
    WriteFile("/etc/wireguard/wg0.conf", FILE),
]
holders = pytest.mark.parametrize("holder", HOLDERS, ids=lambda holder: type(holder).__name__)
secrets = pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: type(secret).__name__)


def shows_a_secret(text: str) -> bool:
    return any(form in text for form in FORMS)


def traceback_of(error: Exception) -> str:
    return "".join(traceback.format_exception(type(error), error, error.__traceback__))  # all three, for Python 3.8


def logged(value: object) -> str:
    record = logging.LogRecord("test", logging.INFO, __file__, 1, "value: %s %r", (value, value), None)
    return logging.Formatter().format(record)


TEXTS: dict[str, Callable[[Any], str]] = {
    "str": str,
    "repr": repr,
    "ascii": ascii,
    "format": format,
    "f-string": lambda value: f"{value} {value!s} {value!r} {value!a} {[value]}",
    "percent": lambda value: "%s %r %a" % ((value,) * 3),
    "str.format": "{0} {0!r}".format,
    "pformat": pprint.pformat,
    "container": lambda value: str({"key": (value, [value])}),
    "log": logged,
    "json with default=str": lambda value: json.dumps([value], default=str),
    "exception": lambda value: str(ValueError(value)),
}


@holders
@pytest.mark.parametrize("text_of", TEXTS.values(), ids=TEXTS)
def test_no_text_of_a_value_shows_a_secret(holder: object, text_of: Callable[[object], str]) -> None:
    assert not shows_a_secret(text_of(holder))


def test_the_judge_of_these_tests_sees_a_secret() -> None:
    assert all(map(shows_a_secret, (TEXT, str(RAW), str(list(RAW)), SECRETS[0].reveal(), CONTENT.reveal())))


@secrets
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_secret_is_not_pickled(secret: Secret, protocol: int) -> None:
    with pytest.raises(TypeError, match="is not to be serialised"):
        pickle.dumps(secret, protocol)


@secrets
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy], ids=["copy", "deepcopy"])
def test_a_secret_is_not_copied(secret: Secret, copied: Callable[[Secret], object]) -> None:
    with pytest.raises(TypeError, match="is not to be serialised"):
        copied(secret)


@secrets
def test_a_secret_is_no_json(secret: Secret) -> None:
    with pytest.raises(TypeError) as caught:
        json.dumps({"key": secret})
    assert not shows_a_secret(str(caught.value))


@secrets
def test_a_secret_has_no_dictionary_to_be_dumped(secret: Secret) -> None:
    with pytest.raises(TypeError):
        vars(secret)
    with pytest.raises(TypeError):
        iter(secret)


def test_a_holder_is_not_turned_into_plain_data() -> None:
    with pytest.raises(TypeError, match="is not to be serialised"):
        dataclasses.asdict(SetDevice(private_key=PrivateKey(RAW)))


@pytest.mark.parametrize("text", [TEXT[:-1], TEXT + TEXT, TEXT[:-4], "ü" + TEXT, TEXT.replace("=", "")])
@pytest.mark.parametrize("kind", [PublicKey, PrivateKey, PresharedKey])
def test_a_traceback_of_a_refused_key_does_not_repeat_it(text: str, kind: type[PublicKey]) -> None:
    with pytest.raises(InvalidValue) as caught:
        decode_key(text, kind)
    assert not shows_a_secret(traceback_of(caught.value))


def test_a_traceback_with_its_variables_shows_no_secret() -> None:
    secret = PrivateKey(RAW)
    with pytest.raises(ValueError) as caught:
        raise ValueError(secret)
    trace = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert "secret = PrivateKey(hidden)" in "".join(trace.format())
    assert not shows_a_secret("".join(trace.format()))


NEAR_KEYS = (TEXT, TEXT[:-1], " " + TEXT, TEXT + "\n")


@pytest.mark.parametrize("text", NEAR_KEYS, ids=("key", "cut", "space", "newline"))
def test_no_option_repeats_a_key_that_was_given_to_it_by_mistake(text: str) -> None:
    values: tuple[Any, ...] = (text, [text], {"key": text}, [{"key": text}])
    for value in values:
        for options in (
            *({"name": "wg0", option: value} for option in INTERFACE_OPTIONS),
            *({"name": "wg0", "peers": [{"public_key": str(PUBLIC), option: value}]} for option in PEER_OPTIONS),
            *({"name": "wg0", "rules": [{"priority": 1, option: value}]} for option in RULE_OPTIONS),
        ):
            try:
                desired_interface(options)
            except InvalidInput as error:
                assert not shows_a_secret(str(error)), options
                assert not shows_a_secret(repr(error)), options
                assert not shows_a_secret(traceback_of(error)), options


def test_a_refused_plan_shows_no_secret() -> None:
    prefixes = frozenset({parse_prefix("10.0.0.0/8")})
    observed = Interface("wg0", peers={PUBLIC: PEER._replace(allowed_ips=prefixes)})
    thief = DesiredPeer(PublicKey(b"\x12" * 32), preshared_key=PresharedKey(RAW), allowed_ips=prefixes)
    with pytest.raises(InvalidInput) as caught:
        plan(observed, DesiredInterface("wg0", private_key=PrivateKey(RAW), peers=(thief,)), lambda state: {})
    assert not shows_a_secret(traceback_of(caught.value))


def test_a_plan_shows_that_a_secret_changes_and_not_what_it_is() -> None:
    desired = DesiredInterface("wg0", private_key=PrivateKey(RAW), peers=(DESIRED_PEER,))
    steps = plan(Interface("wg0"), desired, lambda state: {"/etc/wireguard/wg0.conf": FILE})
    assert "private_key=PrivateKey(hidden)" in repr(steps)
    assert "preshared_key=PresharedKey(hidden)" in repr(steps)
    assert not shows_a_secret(repr(steps) + repr(apply_steps(Interface("wg0"), steps)))
