psql --no-psqlrc --set=ON_ERROR_STOP=1 --username=postgres --dbname=postgres <<'SQL'
\set owner_password `cat /opt/bitnami/postgresql/secrets/owner-password`
\set app_password `cat /opt/bitnami/postgresql/secrets/app-password`
CREATE ROLE bookstore_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE bookstore LOGIN PASSWORD :'app_password';
CREATE DATABASE bookstore OWNER bookstore_owner;
REVOKE ALL ON DATABASE bookstore FROM PUBLIC;
GRANT CONNECT ON DATABASE bookstore TO bookstore;
\connect bookstore
ALTER SCHEMA public OWNER TO bookstore_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
SQL
