# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.wgfleet.wireguard.plugins.module_utils._module.arguments import ROUTEROS

NAMES = {option["fallback"][1][0] for option in ROUTEROS.spec.values() if "fallback" in option}
LOGIN = {"ROUTEROS_HOST": "192.0.2.1", "ROUTEROS_USERNAME": "ansible", "ROUTEROS_PASSWORD": "made up"}


def validated(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> tuple[dict[str, object], list[str]]:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    result = ArgumentSpecValidator(dict(ROUTEROS.spec)).validate({})
    return result.validated_parameters, result.error_messages


def test_an_empty_variable_is_as_good_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    unset = validated(monkeypatch, LOGIN)
    assert unset[1] == []
    assert validated(monkeypatch, {**dict.fromkeys(NAMES, ""), **LOGIN}) == unset


def test_a_required_option_is_missing_where_its_variable_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    errors = validated(monkeypatch, {**LOGIN, "ROUTEROS_USERNAME": ""})[1]
    assert errors == ["missing required arguments: username"]


def test_a_variable_counts_as_the_option(monkeypatch: pytest.MonkeyPatch) -> None:
    given, errors = validated(monkeypatch, {**LOGIN, "ROUTEROS_TLS": "false", "ROUTEROS_PORT": "18728"})
    assert errors == []
    assert (given["tls"], given["port"], given["timeout"]) == (False, 18728, 30)
