from __future__ import annotations

import json
import math
from typing import List

import pytest

from spectator.protocol.json_text import json_text


def test_compact_and_ascii() -> None:
    assert json_text({"a": [1, 2.5, None, True], "b": "\u00e4"}) == '{"a":[1,2.5,null,true],"b":"\\u00e4"}'


def test_non_finite_numbers_become_null_and_are_counted() -> None:
    counted: List[int] = []
    told = json_text({"a": [math.nan, (math.inf, 1)], "b": {"c": -math.inf}}, lambda: counted.append(1))
    assert json.loads(told) == {"a": [None, [None, 1]], "b": {"c": None}}
    assert len(counted) == 3


def test_what_is_no_plain_data_is_a_mistake() -> None:
    with pytest.raises(TypeError):
        json_text({"a": object()})
