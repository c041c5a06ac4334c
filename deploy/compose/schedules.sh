# The chart's schedules that need no mail server, one after the other, for ever. One that fails says so, and the next runs.
trap 'exit 0' TERM
while :; do
  bookstore orders expire || :
  bookstore payments reconcile || :
  bookstore notices send || :
  bookstore sessions purge || :
  bookstore cart purge || :
  bookstore orders purge-keys || :
  bookstore outbox purge || :
  bookstore stock check || :
  sleep 300 &
  wait $!
done
