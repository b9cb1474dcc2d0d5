"""`orchestrator check`: a line for everything that serving needs, and an exit code that scripts can use."""
import re
import subprocess

import pytest

from preflight import DONE, PORT, SET_UP, STORE, check  # noqa: F401: a fixture


@pytest.mark.data_folder
def test_all_is_fine(check, tmp_path):
    outcome = check()
    assert outcome.code == DONE, outcome.lines
    assert outcome.texts("fine", "channel file") == ["1 channels, 2 organizations"]
    assert re.match(r'".*/data" will be created, \d+ MiB free', outcome.texts("fine", "data folder")[0])
    assert outcome.texts("fine", "gRPC port") and outcome.texts("fine", "HTTP port")
    assert not [line for line in outcome.lines if line.startswith("wrong")]
    assert outcome.lines[-1].startswith("ready to serve: 0 things are wrong, ")
    assert outcome.errors == ""
    assert not (tmp_path / "data").exists(), "a check changes nothing"


def test_every_line_says_what_it_is(check):
    for line in check().lines[:-1]:
        assert re.match(r"(fine   |warning|wrong  )  [A-Za-z ]+: \S", line), line


def test_open_to_everybody_is_a_warning(check):
    assert any("nobody checks who a caller is" in text for text in check().texts("warning", "settings"))


@pytest.mark.parametrize("settings, text", [
    ({"channel_config": None}, "ORCHESTRATOR_CHANNEL_CONFIG is not set"),
    ({"listen": "nowhere"}, "host:port is wanted"),
    ({"max_message_bytes": "1"}, "a whole number from 1024"),
])
def test_settings_that_cannot_be_read(check, settings, text):
    outcome = check(**settings)
    assert outcome.code == SET_UP
    assert text in outcome.texts("wrong", "settings")[0]
    assert outcome.lines[-1] == "not ready to serve: 1 thing is wrong, 0 warnings"


@pytest.mark.parametrize("text, told", [
    (None, "No such file or directory"),
    ("channels: [", "channel file"),
    ("channels:\n  c: 7\n", "channel file"),
])
def test_channel_file_that_cannot_be_used(check, tmp_path, text, told):
    path = tmp_path / "other.yaml"
    if text is not None:
        path.write_text(text)
    outcome = check(channel_config=path)
    assert outcome.code == SET_UP
    assert told in outcome.texts("wrong", "channel file")[0]
    assert str(path) in outcome.texts("wrong", "channel file")[0]


def test_channel_file_that_lets_nobody_in(check, tmp_path):
    path = tmp_path / "other.yaml"
    path.write_text("channels: {}\n")
    outcome = check(channel_config=path)
    assert outcome.code == DONE
    assert outcome.texts("warning", "channel file") == ["there is no channel in it: every call will be refused"]


def test_missing_certificate(check, tmp_path):
    outcome = check(tls_enabled="true", tls_cert_path=tmp_path / "tls.crt", tls_key_path=tmp_path / "tls.key")
    assert outcome.code == SET_UP
    assert "No such file or directory" in outcome.texts("wrong", "certificates")[0]


@pytest.mark.data_folder
def test_data_folder_that_cannot_be_written(check, tmp_path):
    (tmp_path / "data").write_text("a file, not a folder")
    outcome = check()
    assert outcome.code == STORE
    assert str(tmp_path / "data") in outcome.texts("wrong", "data folder")[0]


@pytest.mark.data_folder
def test_little_space_is_a_warning(check, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    within = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", 'mount -t tmpfs -o size=4m none "$0" && exec "$@"', small]
    if subprocess.run([*within, "true"], capture_output=True).returncode != 0:
        pytest.skip("this machine lets nobody mount a small file system of their own")
    outcome = check(data_dir=small / "data", within=within)
    assert outcome.code == DONE, outcome.lines
    assert outcome.texts("warning", "data folder") == [f'only 4 MiB are free at "{small}/data"']


@pytest.mark.data_folder
def test_beside_a_running_server(check, own_server):
    server = own_server({"c": ["OrgA"]}).start()
    outcome = check(data_dir=server.data, listen=server.address)
    assert outcome.code == PORT
    assert server.address in outcome.texts("wrong", "gRPC port")[0]
    assert f"(process {server.process.pid})" in outcome.texts("warning", "data folder")[0]
    assert server.caller("OrgA", "c") is not None


def test_database_that_is_not_there(check):
    outcome = check(database_url="postgresql://user:hidden@127.0.0.1:1/none")
    assert outcome.code == STORE
    assert "the connection to the database was lost" in outcome.texts("wrong", "database")[0]
    assert not any("hidden" in line for line in outcome.lines)


@pytest.mark.data_folder
def test_the_first_thing_that_is_wrong_gives_the_code(check, tmp_path):
    (tmp_path / "data").write_text("a file, not a folder")
    outcome = check(channel_config=tmp_path / "none.yaml")
    assert outcome.code == SET_UP
    assert outcome.lines[-1].startswith("not ready to serve: 2 things are wrong")
