import type { JournalTable } from "../../core/journal-sql.ts";
import type { MessageSql } from "../../core/message-sql.ts";
import { quoteBody, quoteIdentifier, quoteLiteral } from "./identifier.ts";
import { isTenantSql, registryNames } from "./registry-names.ts";

/** SQLSTATE, of a class that is nobody's, of the error that stops a message. */
const OVERTAKEN = "KYD02";

/** Migrating a tenant by one message on PostgreSQL. */
export const messageSql: MessageSql = {
  begin: (tables, journal, { id, schemaName, slug }, move) => {
    const { columns: c, tenants } = registryNames(tables);
    const states = move.states.map(quoteLiteral).join(", ");
    // The history is the truth; the fingerprint in the row only tells where to look.
    const body = `begin
  update ${tenants} t set ${c.version} = ${literalOrNull(move.toVersion)},
    ${c.migrations_digest} = ${quoteLiteral(move.toDigest)}, ${c.updated_at} = pg_catalog.now()
  where ${isTenantSql(`t.${c.schema_name}`)} and t.${c.id}::pg_catalog.text = ${quoteLiteral(id)}
    and t.${c.slug}::pg_catalog.text = ${quoteLiteral(slug)} and t.${c.schema_name}::pg_catalog.text = ${quoteLiteral(schemaName)}
    and t.${c.state}::pg_catalog.text in (${states})
    and t.${c.migrations_digest}::pg_catalog.text = ${quoteLiteral(move.fromDigest)}
    and (${historyDigest(journal)}) = ${quoteLiteral(move.fromDigest)};
  if not found then
    raise exception 'overtaken' using errcode = '${OVERTAKEN}';
  end if;
end`;
    return `do ${quoteBody(body)}`;
  },
  end: (journal, entries) => {
    const rows = entries.map(
      ({ checksum, name, version }) =>
        `(${[version, name, checksum].map(quoteLiteral).join(", ")}, ${DURATION} / ${entries.length}, true, 0)`,
    );
    return (
      `insert into ${qualified(journal)} ` +
      `(version, name, checksum, duration_ms, is_finished, statements_done) values ${rows.join(", ")}`
    );
  },
  restore: "set session authorization default; reset all",
};

/** Milliseconds since the message began. */
const DURATION =
  "extract(epoch from pg_catalog.clock_timestamp() - pg_catalog.now())::double precision * 1000";

/** What `digestOf` returns for a history; null if something in it is halfway. */
function historyDigest(journal: JournalTable): string {
  const lines = `m.version || ':' || m.checksum, E'\\n' order by m.version collate "C"`;
  return (
    `select pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(` +
    `coalesce(pg_catalog.string_agg(${lines}), ''), 'UTF8')), 'hex') ` +
    `from ${qualified(journal)} m having coalesce(pg_catalog.bool_and(m.is_finished), true)`
  );
}

function qualified({ schema, table }: JournalTable): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
}

function literalOrNull(value: string | null): string {
  return value === null ? "null" : quoteLiteral(value);
}
