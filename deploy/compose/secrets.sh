# Make each secret that is missing, in the folder of each who reads it: a volume that nobody else has.
cd /secrets
new() { # FILE...: the same random text in all of them
  [ -s "$1" ] || od -An -v -N32 -tx1 /dev/urandom | tr -d ' \n' >"$1"
  for file; do cmp -s "$1" "$file" || cp -f "$1" "$file"; done
  chmod 444 "$@"
}
new database/postgres-password
new database/owner-password owner/DATABASE_PASSWORD
new database/app-password app/DATABASE_PASSWORD
new app/SECRET_KEY owner/SECRET_KEY
new app/CACHE_PASSWORD cache/password
new app/PAYMENT_API_KEY sandbox/PAYMENT_API_KEY
new app/PAYMENT_WEBHOOK_SECRET sandbox/PAYMENT_WEBHOOK_SECRET
