-- What a schema can give PostgreSQL of CockroachDB. It is run in template1, so
-- every database made later has it. The functions and types stand in pg_catalog
-- and the rest in crdb_internal: no search_path that a tool sets hides the
-- former, and no schema dump shows either.
SET allow_system_table_mods = on;

-- Adapters read the version from this text; some match its first words literally.
CREATE OR REPLACE FUNCTION pg_catalog.version() RETURNS text LANGUAGE sql STABLE AS
  $$ SELECT 'CockroachDB CCL v25.4.10 (x86_64-pc-linux-gnu, built 2026/01/01 00:00:00, go1.25.5)'::text $$;

CREATE SCHEMA crdb_internal;
GRANT USAGE ON SCHEMA crdb_internal TO PUBLIC;

-- Small numbers: CockroachDB's are 64 bits, but adapters write `integer` for
-- the column, which is INT8 there and int4 here.
CREATE SEQUENCE crdb_internal.rowid_seq;
GRANT USAGE ON SEQUENCE crdb_internal.rowid_seq TO PUBLIC;
CREATE FUNCTION pg_catalog.unique_rowid() RETURNS bigint LANGUAGE sql VOLATILE AS
  $$ SELECT nextval('crdb_internal.rowid_seq') $$;

CREATE DOMAIN pg_catalog.string AS text;
CREATE DOMAIN pg_catalog.bytes AS bytea;

CREATE FUNCTION crdb_internal.increment_feature_counter(text) RETURNS boolean LANGUAGE sql AS
  $$ SELECT true $$;

CREATE FUNCTION crdb_internal.force_retry(interval) RETURNS int LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION 'restart transaction: TransactionRetryWithProtoRefreshError: forced by crdb_internal.force_retry()'
    USING ERRCODE = '40001';
END $$;

-- Three columns that CockroachDB's information_schema.columns has and adapters read.
ALTER VIEW information_schema.columns RENAME TO columns_pg;
CREATE VIEW information_schema.columns AS
  SELECT c.*, NULL::text AS column_comment, 'NO'::information_schema.yes_or_no AS is_hidden,
         format_type(a.atttypid, a.atttypmod) AS crdb_sql_type
  FROM information_schema.columns_pg c
  LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = c.table_schema
  LEFT JOIN pg_catalog.pg_class k ON k.relnamespace = n.oid AND k.relname = c.table_name
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = k.oid AND a.attnum = c.ordinal_position;
GRANT SELECT ON information_schema.columns TO PUBLIC;

-- How the stand-in makes a transaction fail: as the server itself would.
CREATE FUNCTION crdb_internal.fail(code text, message text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
  RAISE EXCEPTION '%', message USING ERRCODE = code;
END $$;

-- CockroachDB's advisory locks lock nothing.
CREATE OR REPLACE FUNCTION pg_catalog.pg_try_advisory_lock(bigint) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
CREATE OR REPLACE FUNCTION pg_catalog.pg_try_advisory_lock(integer, integer) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
CREATE OR REPLACE FUNCTION pg_catalog.pg_try_advisory_xact_lock(bigint) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
CREATE OR REPLACE FUNCTION pg_catalog.pg_advisory_unlock(bigint) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
CREATE OR REPLACE FUNCTION pg_catalog.pg_advisory_unlock(integer, integer) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
CREATE OR REPLACE FUNCTION pg_catalog.pg_advisory_lock(bigint) RETURNS void LANGUAGE sql AS $$ SELECT $$;
CREATE OR REPLACE FUNCTION pg_catalog.pg_advisory_lock(integer, integer) RETURNS void LANGUAGE sql AS $$ SELECT $$;
CREATE OR REPLACE FUNCTION pg_catalog.pg_advisory_xact_lock(bigint) RETURNS void LANGUAGE sql AS $$ SELECT $$;
