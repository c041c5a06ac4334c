# Replace the shop's tables by those of a backup: all at once, or, where anything fails, not at all. Only what belongs to
# this role goes first, whatever newer version made it.
{
  cat <<'SQL'
BEGIN;
-- Rather than queue the whole shop behind this.
SET LOCAL lock_timeout = '30s';
DO $restore$
DECLARE
    doomed record;
BEGIN
    FOR doomed IN
        SELECT thing.type, thing.identity
        FROM pg_depend AS within
        JOIN pg_shdepend AS owned USING (classid, objid)
        JOIN pg_database AS here ON here.oid = owned.dbid AND here.datname = current_database(),
            pg_identify_object(classid, objid, 0) AS thing
        WHERE within.refclassid = 'pg_namespace'::regclass AND within.refobjid = 'public'::regnamespace
            AND owned.deptype = 'o' AND owned.refobjid = current_user::regrole
            AND NOT EXISTS (SELECT FROM pg_depend AS extension WHERE extension.classid = within.classid
                AND extension.objid = within.objid AND extension.deptype = 'e')
        -- A table takes the sequences of its columns with it.
        ORDER BY thing.type <> 'table'
    LOOP
        EXECUTE format('DROP %s IF EXISTS %s CASCADE', doomed.type, doomed.identity);
    END LOOP;
END
$restore$;
SQL
  pg_restore --schema=public --no-owner --exit-on-error --file=- "$RESTORE_FILE"
  echo 'COMMIT;'
} | psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --output=/dev/null
echo "Restored $(readlink "$RESTORE_FILE")."
