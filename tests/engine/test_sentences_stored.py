"""What was stored in English is told in Vietnamese, and what is not the engine's own stays as it was written."""

from __future__ import annotations

import pytest

from engine.errors import DecisionError, ExpressionError, HandlerMissing, Invalid, NotWaiting
from engine.sentences import say, translate


@pytest.mark.parametrize(
    "error",
    [
        HandlerMissing(topic="gui_thu"),
        NotWaiting(element="duyet", instance="KH 2026/01"),
        Invalid(expected="a reason", found="none"),
        DecisionError(decision="Tiêu chuẩn", rule="3", column="Tuổi", message="division by zero"),
        ExpressionError("${so / 0}", "division by zero", 2, 5),
    ],
)
def test_it_says_what_say_says(error: Invalid) -> None:
    assert translate(str(error)) == say(error) != str(error)
    assert translate(str(error), "en") == str(error)


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        (
            "the gateway waits for tokens that can no longer come, and nothing else in the case goes on",
            "cổng này chờ các nhánh không thể đến nữa, và không còn nơi nào khác trong hồ sơ đi tiếp",
        ),
        (
            "Expected the case to wait for something, but its tokens wait at cong_1, cong_2: nothing can wake it.",
            "Hồ sơ không chờ điều gì: các nhánh đứng ở cong_1, cong_2. Không gì đánh thức được nó.",
        ),
        ("y_kien expects a list in ${cac_noi}, but it is str", "y_kien cần một danh sách trong ${cac_noi}, nhưng đó là str"),
    ],
)
def test_it_knows_the_sentences_of_incidents(stored: str, told: str) -> None:
    assert translate(stored) == told


def test_an_expression_with_colons_of_its_own_keeps_them() -> None:
    told = translate('Expression ${ {"a: b": 1}["c"] }: division by zero (line 1, column 3).')
    assert told == 'Biểu thức ${ {"a: b": 1}["c"] }: chia cho 0 (dòng 1, cột 3).'


@pytest.mark.parametrize("stored", ["ConnectionError: máy chủ không trả lời", "biểu thức sai", "", "Lý do: (.*) {x} \\d"])
def test_what_is_not_ours_stays(stored: str) -> None:
    assert translate(stored) == stored
