"""A PostgreSQL server that is reached as one in a foreign place is: with passwords, over TLS."""
import shutil

import pytest

from pki import Authority
from postgres import Postgres, give_away

LOGINS = """local all all trust
hostssl all all 127.0.0.1/32 scram-sha-256
hostnossl all +plain 127.0.0.1/32 scram-sha-256
"""


class SecurePostgres(Postgres):
    """`authority` signs its certificate, which names localhost. Members of the role `plain` may come without TLS."""

    def __init__(self, authority):
        self.authority = authority
        super().__init__(ssl="on", ssl_cert_file="server.crt", ssl_key_file="server.key")
        self.run("CREATE ROLE plain")

    def _fill(self):
        super()._fill()
        pair = self.authority.server()
        for source, name in ((pair.crt, "server.crt"), (pair.key, "server.key")):
            shutil.copy(source, self.data / name)
            give_away(self.data / name)
            (self.data / name).chmod(0o600)
        (self.data / "pg_hba.conf").write_text(LOGINS)

    def new_owner(self, password):
        """A user with this password, and a database of their own: (user, database)."""
        database = self.create_database()
        user = f"owner_of_{database}"
        quoted = password.replace("'", "''")
        self.run(f"CREATE ROLE {user} LOGIN PASSWORD '{quoted}'")
        self.run(f"ALTER DATABASE {database} OWNER TO {user}")
        return user, database

    def connections(self, user):
        """Of each connection of the user: whether it is under TLS."""
        return [row[0] == "t" for row in self.run(
            f"SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = '{user}'")]


@pytest.fixture(scope="session")
def secure(tmp_path_factory):
    """Asks for passwords, and for TLS."""
    with SecurePostgres(Authority(tmp_path_factory.mktemp("pki"), "database-ca")) as server:
        yield server
