"""What analysts write between ${ and }."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from engine.errors import ExpressionError
from engine.expressions import ZONE, Limits, YearsMonths, check, evaluate, names, program
from engine.expressions.limits import use

CASE: dict[str, Any] = {
    "x": 3,
    "ten": "An",
    "d": {"b": {"c": 5}},
    "ds": [1, 2, 3],
    "đơn_vị": "Hà Nội",
    "ngay": {"$date": "2026-11-23"},
    "_now": datetime(2026, 11, 23, 23, 30, tzinfo=ZONE),
}


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("${x}", 3),
        (" \n ${x}\n", 3),
        ("#{x}", 3),
        ("Kính gửi ${ten}, số ${x}", "Kính gửi An, số 3"),
        ("tham_muu", "tham_muu"),
        ("noi_di@${đơn_vị}", "noi_di@Hà Nội"),
        ("${'}' + ten}", "}An"),
        ("${{'a': x}}", {"a": 3}),
        ("${x > 1 && ten == 'An'}", True),
        ("${x gt 1 and ten eq 'An'}", True),
        ("${!(x lt 4) || x le 3}", True),
        ("${not x == 4}", True),
        ("${!x == 4}", False),
        ("${x ne 3 or x ge 3}", True),
        ("${x > 2 ? 'lớn' : 'nhỏ'}", "lớn"),
        ("${x > 2 ? x > 3 ? 1 : 2 : 3}", 2),
        ("${7 div 2}", 3.5),
        ("${7 mod 2}", 1),
        ("${null == none_there ? 1 : 2}", None),
        ("${empty vang}", True),
        ("${!empty ten}", True),
        ("${not empty d.b.c && empty d.k.z}", True),
        ("${empty vang or vang > 3}", True),
        ("${empty(ds)}", False),
        ("${d.b.c + 1}", 6),
        ("${d['b'].c}", 5),
        ("${ds[0]}", 1),
        ("${x in [1, 3] and x not in ds[:2]}", True),
        ("${True if x is not None else False}", True),
        ("${1 < x < 5}", True),
        ("${[i * 2 for i in ds if i > 1]}", [4, 6]),
        ("${sum([i for i in ds])}", 6),
        ("${sorted(ds, key=lambda i: -i)}", [3, 2, 1]),
        ("${ten.upper()}", "AN"),
        ("${len(ds)}", 3),
        ("${f'{ten} {x}'}", "An 3"),
        ("${date('2026-11-23') + duration('P3D')}", date(2026, 11, 26)),
        ("${date('2026-01-31') + duration('P1M')}", date(2026, 2, 28)),
        ("${ngay.year}", 2026),
        ("${ngay < today() || ngay == today()}", True),
        ("${(date('2026-11-26') - ngay).days}", 3),
        ("${(date('2026-11-26') - ngay) < duration('P4D')}", True),
        ("${today()}", date(2026, 11, 23)),
        ("${now() > date_and_time('2026-11-23T23:29:00')}", True),
        ("${decimal('0.1') + decimal('0.2')}", Decimal("0.3")),
        ("${decimal('0.1') + decimal('0.2') == decimal('0.30')}", True),
        ("${decimal('2.50') * 2 == 5}", True),
        ("${round(2.5)}", 3),
        ("${duration('P36M') == duration('P3Y')}", True),
        ("Hạn ${ngay}", "Hạn 2026-11-23"),
        ("${max([ngay, date('2026-12-01')])}", date(2026, 12, 1)),
        ("${min(ngay, date('2026-12-01'))}", date(2026, 11, 23)),
        ("${min(ds) + max(3, 1)}", 4),
        ("${min(ds, key=lambda i: -i)}", 3),
        ("${sorted([today(), ngay, date('2026-01-01')], reverse=True)[2]}", date(2026, 1, 1)),
        ("${sorted([{'n': ngay}, {'n': date('2026-01-01')}], key=lambda i: i.n)[0].n}", date(2026, 1, 1)),
        ("${sorted(ds, reverse=True)}", [3, 2, 1]),
    ],
)
def test_it_gives_the_value_that_the_text_says(source: str, value: Any) -> None:
    if value is None:
        with pytest.raises(ExpressionError, match="none_there"):
            evaluate(source, CASE)
    else:
        found = evaluate(source, CASE)
        assert found == value and type(found) is type(value)


def test_it_reads_a_condition_without_braces_as_an_expression_when_bare() -> None:
    assert evaluate("\r\n    x > 1\r\n    and ten == 'An'\r\n", CASE, bare=True) is True
    assert evaluate("x > 1", CASE) == "x > 1"


def test_it_gives_dates_and_decimals_back_as_python_values() -> None:
    case = {"n": date(2026, 1, 1), "t": Decimal("1.10"), "k": YearsMonths(36), "g": timedelta(hours=2)}
    assert evaluate("${[n, t, k, g]}", case) == list(case.values())


def test_it_names_what_is_missing_and_what_there_is() -> None:
    with pytest.raises(ExpressionError, match="no variable noi_den; there are: noi_di") as caught:
        evaluate("${noi_den}", {"noi_di": "a", "_now": None})
    assert (caught.value.line, caught.value.column) == (1, 3)
    with pytest.raises(ExpressionError, match="no q; there are: b"):
        evaluate("${d.q}", CASE)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("${ten.tuoi}", "text has no tuoi"),
        ("${ngay.tuoi}", "date has no tuoi; it has: year, month, day, weekday"),
        ("${ngay + 1}", r"\+ has no meaning between date and number"),
        ("${ngay < 1}", "date and number have no order"),
        ("${ngay < '2026-12-01'}", "date and text have no order"),
        ("${max([ngay, 1])}", "have no order"),
        ("${date('mai')}", 'expected a date like "2026-11-23", found "mai"'),
        ("${date_and_time('2026-11-23') + duration('P1M3D')}", "found both"),
        ("${ds[7]}", "Index"),
        ("${d['q']}", "there is no entry .q.; there are: b"),
    ],
)
def test_it_says_what_is_wrong_in_words_of_the_analyst(source: str, said: str) -> None:
    with pytest.raises(ExpressionError, match=said) as caught:
        evaluate(source, CASE)
    assert not any(inner in caught.value.message for inner in ("op_", "py_", "fn_", "v_", "$date"))


def test_it_lists_the_names_a_text_reads() -> None:
    assert names("a ${x + d.b} ${empty vang} ${[i for i in ds if i > y]} ${len(l)} ${today()}") == {"x", "d", "vang", "ds", "y", "l"}
    assert names("x > y", bare=True) == {"x", "y"}
    assert names("x > y") == frozenset()
    assert names("${date}") == {"date"}


@pytest.mark.parametrize(
    ("source", "line", "column"),
    [
        ("${x +}", 1, 6),
        ("a\n ${ x ** 2 }", 2, 5),
        ("${(x}", 1, 3),
        ("${x) + (y}", 1, 4),
        ("${x", 1, 1),
        ("${}", 1, 3),
        ("${\n a ==== b}", 2, 6),
    ],
)
def test_it_says_where_the_syntax_is_wrong(source: str, line: int, column: int) -> None:
    with pytest.raises(ExpressionError) as caught:
        check(source)
    assert (caught.value.line, caught.value.column) == (line, column)


@pytest.mark.parametrize(
    "source",
    [
        "${__import__('os')}",
        "${x.__class__}",
        "${ten.format.__globals__}",
        "${().__class__.__bases__}",
        "${eval('1')}",
        "${open('/etc/passwd')}",
        "${load('prelude', 'py_operate')}",
        "${op_add(1, 2)}",
        "${py_operate('+', 1, 2)}",
        "${getattr(ten, 'upper')}",
        "${(lambda: 1)()}",
        "${x := 1}",
        "${ten.__len__()}",
        "${ten.elems()}",
        "${dir(ten)}",
        "${hasattr(ten, 'upper')}",
        "${print(x)}",
    ],
)
def test_it_reaches_for_nothing_outside(source: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(source, CASE)


@pytest.mark.parametrize(
    "source",
    [
        "${'a' * 1000000000}",
        "${1000000000 * 'a'}",
        "${[0] * 1000000000}",
        "${[i for i in range(1000000000)]}",
        "${list(range(1000000000))}",
        "${[[j for j in range(10000)] for i in range(1000000)]}",
        "${len(['a' * 999999 + str(i) for i in range(1000000)])}",
        "${ten.join(['a' * 999999] * 100000)}",
        "${('a' * 999999).replace('a', 'a' * 999999)}",
        "${sorted(range(1000000000))}",
        "${max([i for i in range(1000000000)])}",
        "${'%s%s' % (ten, ten)}",
        "${" + "*".join(["999999999999999999999999999"] * 40) + "}",
        "${" + "-" * 15000 + "x}",
        "${" + "not " * 4000 + "x}",
        "${" + "x+" * 5000 + "x}",
        "${" + "x" + ".a" * 5000 + "}",
        "${" + "lambda: " * 2000 + "x}",
        "${" + "1 if x else " * 1500 + "x}",
        "${" + "1 < (" * 50 + "x" + ") < 2" * 50 + "}",
        "${" + "[" * 100 + "]" * 100 + "}",
        "${'a' + " + "9" * 4000 + "}",
    ],
)
def test_it_contains_what_would_never_end_or_never_fit(source: str) -> None:
    with pytest.raises(ExpressionError):
        evaluate(source, CASE)


def test_it_stops_at_the_time_it_was_given() -> None:
    evaluate("${[i for i in ds]}", CASE)
    with pytest.raises(ExpressionError, match=r"within 0\.05 seconds"):
        evaluate("${len([i for i in range(1000000) if [j for j in range(1000)]])}", CASE, limits=Limits(seconds=0.05))


def test_it_takes_the_limits_of_the_process_where_none_are_given() -> None:
    use(Limits(result_bytes=10))
    try:
        with pytest.raises(ExpressionError, match="10 bytes"):
            evaluate("${'a' * 20}", {})
    finally:
        use(Limits())
    assert evaluate("${'a' * 20}", {}) == "a" * 20


def test_it_refuses_a_result_that_is_too_large_to_store() -> None:
    with pytest.raises(ExpressionError, match="1000 bytes"):
        evaluate("${'ab' * 501}", {}, limits=Limits(result_bytes=1000))
    with pytest.raises(ExpressionError, match="64 bits"):
        evaluate("${9000000000000000000 * 9}", {})


def test_it_never_compiles_here_what_could_grow() -> None:
    """Starlark runs constant calls while it compiles: `list(range(10**9))` would take our memory, not the sandbox's."""
    for source in ("list(range(1000000000))", "[i for i in ds]", "ten.replace('a', 'b')", "sorted(ds)"):
        assert not program.expression(source).simple
    for source in ("x > 1 && ten == 'An'", "d.b.c * 2", "len(ds) + 1", "date('2026-11-23') < today()", "empty d.x ? 1 : 2"):
        assert program.expression(source).simple


def test_it_evaluates_in_many_threads_at_once() -> None:
    made: list[Any] = []
    threads = [threading.Thread(target=lambda n=n: made.append(evaluate("${[n for i in ds]}", {"ds": [0] * 5, "n": n}))) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(values[0] for values in made) == list(range(8))
