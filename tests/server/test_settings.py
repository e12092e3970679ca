"""The settings, as the environment gives them."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from server.effective_settings import Origin, effective_settings, masked_url, unknown_variables
from server.settings import Settings, SettingsError, load_settings, variable


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("WRENCHAI_") or name == "XDG_DATA_HOME":
            monkeypatch.delenv(name)


def sentences(monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[str]:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    return refused.value.sentences


def test_every_setting_has_a_default_and_a_description() -> None:
    settings = load_settings()
    assert (settings.host, settings.port, settings.database_url) == ("127.0.0.1", 8000, None)
    assert settings.data_dir == Path.home() / ".local" / "share" / "wrenchai"
    assert settings.source_roots == (Path.cwd(),)
    assert settings.worker_slots >= 2
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_data_folder_honours_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert load_settings().data_dir == tmp_path / "wrenchai"
    monkeypatch.setenv("XDG_DATA_HOME", "relative/is/ignored")
    assert load_settings().data_dir == Path.home() / ".local" / "share" / "wrenchai"
    monkeypatch.setenv("WRENCHAI_DATA_DIR", "~/elsewhere")
    assert load_settings().data_dir == Path.home() / "elsewhere"


def test_lists_are_written_as_in_a_shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    monkeypatch.setenv("WRENCHAI_SOURCE_ROOTS", f"{tmp_path}/a:{tmp_path}/b")
    monkeypatch.setenv("WRENCHAI_GIT_URL_SCHEMES", "https, file")
    monkeypatch.setenv("WRENCHAI_ALLOWED_ORIGINS", "https://a.example/,http://b.example:8080")
    settings = load_settings()
    assert settings.source_roots == (tmp_path / "a", tmp_path / "b")
    assert settings.git_url_schemes == {"https", "file"}
    assert settings.allowed_origins == ("https://a.example", "http://b.example:8080")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "::1", "[::1]"])
def test_addresses_of_this_machine_are_accepted(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("WRENCHAI_HOST", host)
    assert load_settings().host == host.strip("[]")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        (
            "HOST",
            "0.0.0.0",
            "'0.0.0.0' is not an address of this machine alone: use 127.0.0.1, ::1 or localhost for now.",
        ),
        ("HOST", "example.org", "'example.org' is not an address of this machine alone"),
        ("PORT", "http", "WRENCHAI_PORT is 'http': it should be a valid integer"),
        ("PORT", "70000", "WRENCHAI_PORT is '70000': it should be less than or equal to 65535."),
        ("WORKER_SLOTS", "0", "WRENCHAI_WORKER_SLOTS is '0': it should be greater than or equal to 1."),
        ("SANDBOX", "docker", "it should be 'auto', 'bubblewrap', 'sandlock' or 'none'."),
        ("LOG_LEVEL", "loud", "it should be 'debug', 'info', 'warning' or 'error'."),
        ("SOURCE_ROOTS", "/nowhere/at/all", "'/nowhere/at/all' is not a folder: create it, or leave it out."),
        ("GIT_URL_SCHEMES", "ext", "'ext' is not supported: use some of file, git, http, https, ssh."),
        ("ALLOWED_ORIGINS", "example.org", "'example.org' is not an origin"),
        ("DATABASE_URL", "mysql://u:hush@h/d", "only PostgreSQL is supported"),
        ("REDIS_URL", "https://u:hush@h", "it is not the URL of a Redis: write redis://host:6379/0."),
        (
            "DATABASE_OWNER_URL",
            "postgresql://u:hush@h/d",
            "is set without WRENCHAI_DATABASE_URL: set both, or neither.",
        ),
    ],
)
def test_bad_value_is_one_sentence(monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str) -> None:
    (sentence,) = sentences(monkeypatch, **{f"WRENCHAI_{name}": value})
    assert sentence.startswith(f"WRENCHAI_{name} ")
    assert says in sentence
    assert "\n" not in sentence
    assert "hush" not in sentence


def test_each_bad_variable_gets_its_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    said = sentences(monkeypatch, WRENCHAI_PORT="x", WRENCHAI_LEASE_SECONDS="0", WRENCHAI_HOST="8.8.8.8")
    assert [sentence.split()[0] for sentence in said] == ["WRENCHAI_HOST", "WRENCHAI_PORT", "WRENCHAI_LEASE_SECONDS"]


def test_dotenv_of_the_current_folder_is_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("WRENCHAI_PORT=1234\n")
    monkeypatch.chdir(tmp_path)
    assert load_settings().port == 8000


def test_effective_settings_say_where_each_came_from_and_hide_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WRENCHAI_DATABASE_URL", "postgresql://me:hush@db.example/d?password=hush&sslmode=require")
    monkeypatch.setenv("WRENCHAI_REDIS_URL", "redis://:hush@cache.example:6379/0")
    monkeypatch.setenv("wrenchai_port", "9000")
    shown = {setting.variable: setting for setting in effective_settings(load_settings())}
    assert shown.keys() == {variable(name) for name in Settings.model_fields}
    assert shown["WRENCHAI_PORT"].origin is Origin.ENVIRONMENT
    assert shown["WRENCHAI_HOST"].origin is Origin.DEFAULT
    assert shown["WRENCHAI_DATABASE_URL"].value == (
        "postgresql://me:********@db.example/d?password=********&sslmode=require"
    )
    assert shown["WRENCHAI_REDIS_URL"].value == "redis://:********@cache.example:6379/0"
    assert "hush" not in str(shown)
    assert "hush" not in repr(load_settings())


def test_url_without_a_password_is_shown_as_it_is() -> None:
    assert masked_url("postgresql://me@h/d?host=/run/x") == "postgresql://me@h/d?host=/run/x"


def test_misspelt_variable_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WRENCHAI_PROT", "1")
    monkeypatch.setenv("WRENCHAI_FLAVOUR", "sweet")
    assert unknown_variables() == {"WRENCHAI_FLAVOUR": None, "WRENCHAI_PROT": "WRENCHAI_PORT"}


def test_settings_cannot_be_changed_and_overrides_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WRENCHAI_PORT", "9000")
    settings = load_settings(port=0, database_url=SecretStr("postgresql://me@h/d"))
    assert settings.port == 0
    with pytest.raises(ValueError, match="frozen"):
        setattr(settings, "port", 1)  # noqa: B010 - the type checker knows it cannot be set


def test_services_for_tools_are_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_settings()
    assert (settings.github_url, settings.search_url, settings.docker_url, settings.browser_path) == (None,) * 4
    monkeypatch.setenv("WRENCHAI_GITHUB_URL", "https://github.example/api/v3/")
    monkeypatch.setenv("WRENCHAI_SEARCH_URL", "http://127.0.0.1:8888")
    monkeypatch.setenv("WRENCHAI_DOCKER_URL", "unix:///run/docker.sock")
    monkeypatch.setenv("WRENCHAI_BROWSER_PATH", "/usr/bin/chromium")
    settings = load_settings()
    assert settings.github_url == "https://github.example/api/v3"
    assert (settings.search_url, settings.browser_path) == ("http://127.0.0.1:8888", Path("/usr/bin/chromium"))
    monkeypatch.setenv("WRENCHAI_DOCKER_URL", "")
    assert load_settings().docker_url is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WRENCHAI_GITHUB_URL", "github.example"),
        ("WRENCHAI_SEARCH_URL", "ftp://search.example"),
        ("WRENCHAI_SEARCH_URL", "https://user:secret@search.example"),
        ("WRENCHAI_DOCKER_URL", "unix://"),
        ("WRENCHAI_DOCKER_URL", "tcp://docker.example"),
        ("WRENCHAI_DOCKER_URL", "ssh://docker.example"),
    ],
)
def test_what_is_no_address_of_a_service_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    [sentence] = sentences(monkeypatch, **{name: value})
    assert sentence.startswith(f"{name} cannot be used: it is not the address of")
    assert "secret" not in sentence
