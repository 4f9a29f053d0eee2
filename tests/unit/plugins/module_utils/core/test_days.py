# SPDX-FileCopyrightText: 2026 wgfleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.errors import InvalidValue
from ansible_collections.wgfleet.wireguard.plugins.module_utils._core.values.days import Day, later, parse_day


@given(st.dates(), st.integers(0, 40000))
def test_days_are_counted_as_the_standard_library_counts_them(date: datetime.date, days: int) -> None:
    try:
        expected = date + datetime.timedelta(days=days)
    except OverflowError:
        expected = datetime.date.max
    assert str(later(parse_day(date.isoformat()), days)) == expected.isoformat()


@given(st.dates(), st.dates())
def test_days_are_ordered(one: datetime.date, two: datetime.date) -> None:
    assert (parse_day(str(one)) < parse_day(str(two))) == (one < two)


@pytest.mark.parametrize("value", ["2027-02-29", "2027-13-01", "2027-00-01", "0000-01-01", "2027-1-1", "soon", 7, None])
def test_what_is_no_day_is_refused(value: Any) -> None:
    with pytest.raises(InvalidValue):
        parse_day(value)


def test_the_thirtieth_of_february_is_only_in_no_year() -> None:
    assert parse_day(" 2028-02-29 ") == Day(2028, 2, 29)
