# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible import constants
from ansible.errors import AnsibleLookupError

from ansible_collections.wgfleet.wireguard.plugins.lookup import psk

SECRET = "correct horse battery staple"
KEY = "fChh7dQ7jkq+coYnu8jwPElylXId6ZmDNrtqrA1SGaw="


@pytest.fixture(scope="module", autouse=True)
def _options() -> None:
    """Tell Ansible the options, as its loader of plugins does."""
    options = yaml.safe_load(psk.DOCUMENTATION)["options"]
    constants.config.initialize_plugin_configuration_definitions("lookup", "psk", options)


def looked_up(*names: Any, variables: dict[str, Any] | None = None, **options: Any) -> list[str]:
    lookup = psk.LookupModule()
    lookup._load_name = "psk"  # as the loader does
    return lookup.run(list(names), variables, **options)


def test_both_orders_of_a_pair_have_the_same_key() -> None:
    assert looked_up("corp", "office1", "office2", secret=SECRET) == [KEY]
    assert looked_up("corp", "office2", "office1", secret=SECRET, epoch=1) == [KEY]


def test_another_epoch_has_another_key() -> None:
    (key,) = looked_up("corp", "office1", "office2", secret=SECRET, epoch="2")
    assert key.startswith("1x4YEU76")


def test_the_secret_of_the_roles_serves_where_none_is_named() -> None:
    assert looked_up("corp", "office1", "office2", variables={"wireguard_psk_secret": SECRET}) == [KEY]


@pytest.mark.parametrize(
    ("names", "options", "message"),
    [
        (["corp", "office1", "office2"], {"secret": "too short"}, "less than 16 characters"),
        (["corp", "office1"], {"secret": SECRET}, "three names"),
        (["corp", "office1", 7], {"secret": SECRET}, "three names"),
        (["corp", "a", "b"], {"secret": SECRET, "epoch": 0}, "epoch"),
    ],
)
def test_what_is_wrong_is_said_without_the_secret(names: list[Any], options: dict[str, Any], message: str) -> None:
    with pytest.raises(AnsibleLookupError, match=message) as caught:
        looked_up(*names, **options)
    assert options["secret"] not in str(caught.value)
