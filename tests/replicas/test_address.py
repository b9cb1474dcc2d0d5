"""How a server is told where its database is, and how it gets there: passwords, TLS, pieces of the address."""
import urllib.parse

import pytest

from checks import OK
from pki import Authority
from readiness import watch_readiness
from world import World, new_plan

PASSWORD = "p@ss:w/o?r#d %41&=+;'\"\\[x]{$y} ü€"


def encoded(text):
    return urllib.parse.quote(text, safe="")


def quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def as_url(user, password, port, database):
    return {"ORCHESTRATOR_DATABASE_URL":
            f"postgresql://{user}:{encoded(password)}@localhost:{port}/{database}?sslmode=require"}


def as_words(user, password, port, database):
    return {"ORCHESTRATOR_DATABASE_URL": f"host=localhost port={port} user={user} password={quoted(password)} "
            f"dbname={database} sslmode=require"}


def as_pieces(user, password, port, database):
    return {"DATABASE_HOSTNAME": "localhost", "DATABASE_PORT": str(port), "DATABASE_USERNAME": user,
            "DATABASE_PASSWORD": password, "DATABASE_DATABASE": database,
            "DATABASE_CONNECTION_PARAMETERS": "sslmode=require&pool_max_conns=8"}


def as_prefixed_pieces(*address):
    return {f"ORCHESTRATOR_{name}": value for name, value in as_pieces(*address).items()}


def check_serves(server):
    """It is ready, and calls work."""
    with watch_readiness(server) as readiness:
        readiness.wait_for("SERVING")
    world = World(server, "c").register_organizations()
    assert world.a.outcome(new_plan("p")) == (OK, "")
    assert world.get_plan("p").name == "p"
    assert server.wait_for_log("gRPC server listening")["store"] == "PostgreSQL"


def check_waits(server, reason):
    """It lives, is not ready, and its log says why."""
    server.wait_for_log("the database cannot be used yet")
    assert reason in server.log_text()
    with watch_readiness(server) as readiness:
        readiness.wait_for("NOT_SERVING")
    status, text = World(server, "c").a.outcome(new_plan("p"))
    assert (status, text) == ("UNAVAILABLE", 'channel "c" is being opened; try again later')


@pytest.mark.parametrize("form", [as_url, as_words, as_pieces, as_prefixed_pieces])
def test_passwords_of_all_characters(secure, replica, form):
    user, database = secure.new_owner(PASSWORD)
    server = replica(form(user, PASSWORD, secure.port, database), "--migrate").start()
    check_serves(server)
    assert set(secure.connections(user)) == {True}
    wrong = replica(form(user, PASSWORD + "x", secure.port, database), "--migrate").start()
    check_waits(wrong, "password authentication failed")
    for each in (server, wrong):
        assert each.stop() == 0
        assert PASSWORD not in each.log_text() and encoded(PASSWORD) not in each.log_text()


def test_a_database_with_tls_of_a_private_ca(secure, replica, tmp_path):
    """verify-full: the certificate must come from that CA and name the host."""
    user, database = secure.new_owner("secret")
    url = f"postgresql://{user}:secret@localhost:{secure.port}/{database}?sslmode=verify-full&sslrootcert="
    stranger = Authority(tmp_path, "stranger")
    check_waits(replica(url + str(stranger.crt), "--migrate").start(), "certificate verify failed")
    other_name = url.replace("@localhost", "@database.test") + f"{secure.authority.crt}&hostaddr=127.0.0.1"
    check_waits(replica(other_name, "--migrate").start(), "does not match host name")
    assert secure.connections(user) == []
    check_serves(replica(url + str(secure.authority.crt), "--migrate").start())
    assert set(secure.connections(user)) == {True}


def test_a_database_without_tls(secure, replica):
    """It serves where the database allows it, and nowhere else."""
    user, database = secure.new_owner("secret")
    url = f"postgresql://{user}:secret@localhost:{secure.port}/{database}?sslmode=disable"
    server = replica(url, "--migrate").start()
    check_waits(server, "no encryption")
    secure.run(f"GRANT plain TO {user}")
    check_serves(server)
    assert set(secure.connections(user)) == {False}
