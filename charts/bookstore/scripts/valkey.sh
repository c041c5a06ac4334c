# What only the pod knows is added to the settings: the password, and how to make room, which a running shop changes.
umask 077
{
  cat /etc/valkey/valkey.conf
  echo
  printf 'requirepass "%s"\n' "$(sed 's/[\\"]/\\&/g' /run/secrets/valkey/password)"
  printf 'maxmemory-policy %s\n' "$(cat /run/config/cache-tuning/CACHE_EVICTION)"
} >/tmp/valkey.conf
exec valkey-server /tmp/valkey.conf
