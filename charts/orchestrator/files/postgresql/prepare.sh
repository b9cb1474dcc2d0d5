#!/bin/sh
# Runs before PostgreSQL on a volume that has data already: gives the user the password of the Secret, so that both stay the
# same whatever the volume has been through; data of chart 8 had a user without password. Makes up for a first start that did not
# come as far as the database. An empty volume is left to the image, which creates all of it.
set -eu
[ -s "$PGDATA/PG_VERSION" ] || exit 0

found=$(cat "$PGDATA/PG_VERSION")
wanted=$(postgres --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
if [ "$found" != "$wanted" ]; then
  echo "the data in $PGDATA are of PostgreSQL $found, the image is of PostgreSQL $wanted." >&2
  echo "Set postgresql.image.tag to a tag of PostgreSQL $found, or dump with $found and restore with $wanted." >&2
  exit 1
fi

# The volume's group may write (fsGroup); PostgreSQL refuses such a directory.
chmod 0700 "$PGDATA"
socket=$(mktemp -d)
pg_ctl --pgdata="$PGDATA" --wait --timeout=86400 --silent --options="-c config_file=$CONFIGURATION/postgresql.conf \
  -c hba_file=$CONFIGURATION/pg_hba.conf -c listen_addresses='' -c unix_socket_directories=$socket" start
HOME=$socket psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --host="$socket" --username="$POSTGRES_USER" --dbname=postgres \
  <<'SQL' || failed=$?
\set password `printf %s "$POSTGRES_PASSWORD"`
\set database `printf %s "$POSTGRES_DB"`
ALTER ROLE CURRENT_USER PASSWORD :'password';
SELECT format('CREATE DATABASE %I', :'database') WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
SQL
pg_ctl --pgdata="$PGDATA" --wait --timeout=86400 --silent --mode=fast stop
exit "${failed:-0}"
