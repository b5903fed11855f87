"""Settings from the environment."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from web.settings import SettingsError, read


def test_it_makes_a_secret_once_that_only_the_owner_can_read(tmp_path: Path) -> None:
    given = {"LUANCHUYEN_FOLDER": str(tmp_path)}
    first, second = read(given), read(given)
    assert first["SECRET_KEY"] == second["SECRET_KEY"]
    assert len(first["SECRET_KEY"]) > 40
    assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600


def test_it_reads_what_is_set_and_keeps_the_rest(tmp_path: Path) -> None:
    found = read(
        {"LUANCHUYEN_FOLDER": str(tmp_path), "LUANCHUYEN_SECRET_KEY": "x", "LUANCHUYEN_MAX_UPLOAD": "1000", "LUANCHUYEN_HTTPS": "1"}
    )
    assert (found["SECRET_KEY"], found["MAX_CONTENT_LENGTH"], found["SESSION_COOKIE_SECURE"]) == ("x", 1000, True)
    assert found["SQLALCHEMY_DATABASE_URI"] == f"sqlite:///{tmp_path}/luanchuyen.sqlite"
    assert not (tmp_path / "secret-key").exists()


@pytest.mark.parametrize("wrong", [{"LUANCHUYEN_MAX_UPLOAD": "nhiều"}, {"LUANCHUYEN_HTTPS": "có"}, {"LUANCHUYEN_SESSION_HOURS": "-1"}])
def test_it_names_the_setting_that_is_wrong(tmp_path: Path, wrong: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=next(iter(wrong))):
        read({"LUANCHUYEN_FOLDER": str(tmp_path), "LUANCHUYEN_SECRET_KEY": "x", **wrong})
