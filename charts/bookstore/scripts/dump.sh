# Dump the database as its owner: a file appears under its final name only once it can be read again.
umask 077
mkdir -p "$BACKUP_DIR"
file=$BACKUP_DIR/bookstore-$(date -u +%Y%m%dT%H%M%SZ).dump
trap 'rm -f "$file.partial"' EXIT
# One schema: what else a server's keeper put into the database is not the shop's, and its owner may not read it.
pg_dump --format=custom --schema=public --lock-wait-timeout=30s --file="$file.partial"
pg_restore --list "$file.partial" >/dev/null
mv "$file.partial" "$file"
ls -l "$BACKUP_DIR"
