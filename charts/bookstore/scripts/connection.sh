# libpq's variables, from the shop's settings and Secrets.
export PGHOST=$DATABASE_HOST PGPORT=$DATABASE_PORT PGDATABASE=$DATABASE_NAME
PGUSER=${DATABASE_USER:-$(<"$SECRETS_DIR/DATABASE_USER")}
PGPASSWORD=$(<"$SECRETS_DIR/DATABASE_PASSWORD")
export PGUSER PGPASSWORD PGCONNECT_TIMEOUT=10 PGAPPNAME=bookstore-backup
export PGSSLMODE=${DATABASE_SSLMODE:-prefer} PGSSLROOTCERT=${DATABASE_SSLROOTCERT:-}
# A new pod's first packets may be lost, and a busy resolver has no answer: neither is worth a failed Job.
for _ in {1..12}; do
  pg_isready --quiet --timeout=5 && break
  sleep 5
done
