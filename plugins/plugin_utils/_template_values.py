# SPDX-FileCopyrightText: 2026 wgfleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way of values between templates and the pure core.

Rules of this file: what comes from a template may be tagged or lazy and belongs to the caller, so it is copied to plain
data first; every error of the core becomes one error of a filter, with one problem per line.
"""

from __future__ import annotations

import datetime
import functools
import json
from typing import Any, Callable, TypeVar

from ansible.errors import AnsibleFilterError

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import WireguardError, at
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.days import Day, parse_day

T = TypeVar("T")


def plain(value: Any) -> Any:
    """Copy a value to plain data, dates to their text. Raises AnsibleFilterError for what is no data."""
    try:
        return json.loads(json.dumps(value, default=_date))
    except (TypeError, ValueError) as error:
        raise AnsibleFilterError(f"this is no plain data: {error}") from None


def _date(value: Any) -> str:
    # YAML makes a date of 2027-01-31 without quotes.
    if isinstance(value, datetime.date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def day_or_today(text: Any) -> Day:
    """Read a date; without one it is today's on the controller. Raises InvalidInput."""
    with at("today"):
        return parse_day(plain(text) or datetime.date.today().isoformat())


def reporting(function: Callable[..., T]) -> Callable[..., T]:
    """Turn the core's errors into those of a filter; Ansible puts the filter's name before them."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> T:
        try:
            return function(*args, **kwargs)
        except WireguardError as error:
            text = str(error)
            raise AnsibleFilterError("\n" + text if "\n" in text else text) from None

    return wrapped
