"""Settings: environment over file over defaults; what is unknown stops the start and is named."""

from pathlib import Path

import pytest

from cirt.kernel.settings import SettingsWrong, read_settings


def test_without_any_setting_sqlite_in_the_data_directory_is_used(tmp_path: Path) -> None:
    settings = read_settings({}, tmp_path)

    assert settings.database_url == f"sqlite:///{tmp_path / 'cirt.sqlite3'}"
    assert settings.outbound_allow == ()


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "cirt.toml").write_text("workers = 3\npage_max = 50\n")

    settings = read_settings({"CIRT_WORKERS": "4", "PATH": "x"}, tmp_path)

    assert (settings.workers, settings.page_max) == (4, 50)


def test_networks_are_read_from_words(tmp_path: Path) -> None:
    settings = read_settings({"CIRT_OUTBOUND_ALLOW": "127.0.0.0/8, ::1/128"}, tmp_path)

    assert [str(network) for network in settings.outbound_allow] == ["127.0.0.0/8", "::1/128"]


def test_a_connector_has_its_own_table(tmp_path: Path) -> None:
    (tmp_path / "cirt.toml").write_text('[connectors.stix-folder]\npeer = "b"\nfolder = "/x"\n')

    assert read_settings({}, tmp_path).connectors == {"stix-folder": {"peer": "b", "folder": "/x"}}


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"CIRT_WORKRES": "2"}, "CIRT_WORKRES"),
        ({"CIRT_WORKERS": "none"}, "CIRT_WORKERS"),
        ({"CIRT_WORKERS": "0"}, "CIRT_WORKERS"),
        ({"CIRT_BIND": "8000"}, "CIRT_BIND"),
        ({"CIRT_DATABASE_URL": "mysql://x"}, "CIRT_DATABASE_URL"),
        ({"CIRT_OUTBOUND_ALLOW": "everything"}, "CIRT_OUTBOUND_ALLOW"),
        ({"CIRT_BASE_URL": "cirt"}, "CIRT_BASE_URL"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, environ: dict[str, str], name: str) -> None:
    with pytest.raises(SettingsWrong) as wrong:
        read_settings(environ, tmp_path)

    assert name in str(wrong.value)
    assert "the environment" in str(wrong.value)


def test_an_unknown_key_in_the_file_is_named_with_the_file(tmp_path: Path) -> None:
    (tmp_path / "cirt.toml").write_text("colour = 'red'\n")

    with pytest.raises(SettingsWrong, match=r"colour.*cirt\.toml"):
        read_settings({}, tmp_path)


def test_targets_stand_in_the_environment_or_in_a_table(tmp_path: Path) -> None:
    given = read_settings({"CIRT_FIRST_LOOK": "desk=30, connector=240"}, tmp_path)
    (tmp_path / "cirt.toml").write_text("[first_look]\ndesk = 30\nconnector = 240\n")

    assert given.first_look == {"desk": 30, "connector": 240}
    assert read_settings({}, tmp_path).first_look == given.first_look
    for wrong in ("desk", "desk=soon", "desk=0"):
        with pytest.raises(SettingsWrong, match="CIRT_FIRST_LOOK"):
            read_settings({"CIRT_FIRST_LOOK": wrong}, tmp_path)
