import type { HeldObject, HeldText } from "../core/adopt-sql.ts";
import type { LeftObject } from "../core/adopt.ts";
import type { Queryable } from "../core/driver.ts";
import type { ToolTable } from "../core/migration-folder.ts";
import { TenancyError } from "../errors/tenancy-error.ts";
import type { AdoptPlan } from "./adopt-plan.ts";
import type { LifecycleDeps } from "./deps.ts";

/** What becomes of what a schema holds. */
export interface AdoptContents {
  /** What the tenant gets. */
  readonly adopted: readonly HeldObject[];
  /** What stays. */
  readonly left: readonly LeftObject[];
}

/**
 * Sorts what a schema holds into what is the application's and what is not.
 *
 * @param tools - tables of the ORM's own history
 * @throws TenancyError `SCHEMA_NOT_MOVABLE`; `INVALID_QUERY` for a name to keep that is not there
 */
export async function sortContents(
  deps: LifecycleDeps,
  on: Queryable,
  plan: AdoptPlan,
  tools: readonly ToolTable[],
): Promise<AdoptContents> {
  const { adopt } = deps.driver.dialect;
  const { params, text } = adopt.contents(plan.from);
  const { rows } = await on.query<HeldObject>(text, params);
  const adopted: HeldObject[] = [];
  const left: LeftObject[] = [];
  const keep = withParts(plan.keep, rows);
  for (const held of rows) {
    const reason = reasonToStay(deps, { ...plan, keep }, held, tools);
    if (reason === undefined) adopted.push(held);
    else left.push({ kind: held.kind, name: nameOf(held, plan.from), reason });
  }
  checkKeep(plan, rows);
  if (plan.isMoved) await checkMovable(deps, on, plan, adopted);
  return { adopted, left };
}

/** Returns what an object is called, without its schema. */
export function nameOf({ identity, name }: HeldObject, schemaName: string): string {
  const arguments_ = /\([^]*\)$/.exec(identity)?.[0] ?? "";
  return identity === name ? name.replace(`${schemaName}.`, "") : name + arguments_;
}

/** What is a part of something that stays, or of a part of it, stays too. */
function withParts(keep: AdoptPlan["keep"], rows: readonly HeldObject[]): Set<string> {
  const kept = new Set(keep);
  for (let size = -1; size !== kept.size;) {
    size = kept.size;
    for (const { name, partOf } of rows) if (kept.has(partOf ?? "")) kept.add(name);
  }
  return kept;
}

function reasonToStay(
  { driver, settings }: LifecycleDeps,
  { from, isMoved, keep }: AdoptPlan,
  { kind, name, stays }: HeldObject,
  tools: readonly ToolTable[],
): string | undefined {
  if (!isMoved) return undefined;
  // ISOLATION: the registry is everybody's. integration/lifecycle/adopt.test.ts
  const { globalSchema } = settings.rules;
  const { domainsTable, schema, table } = settings.registry;
  const isTable = kind.endsWith("table");
  const isGlobal = from === globalSchema;
  const isRegistry = isTable && from === schema && [domainsTable, table].includes(name);
  if (isRegistry || (isGlobal && name.startsWith("kirayedar_"))) return "is the toolkit's own";
  if (isGlobal && name === settings.migrations.table) return "is the toolkit's own";
  if (keep?.has(name) === true) return "is kept";
  const isTool = tools.some((tool) => tool.table === name && (tool.schema ?? from) === from);
  if (isTable && isGlobal && isTool) return "is the history of another tool";
  // A schema that is renamed takes all of it along.
  return isGlobal || driver.dialect.schema.rename === undefined ? (stays ?? undefined) : undefined;
}

/** A name that was mistyped would be moved. */
function checkKeep({ from, keep = new Set() }: AdoptPlan, rows: readonly HeldObject[]): void {
  const unknown = [...keep].find((name) => !rows.some((held) => held.name === name));
  if (unknown === undefined) return;
  throw new TenancyError(
    "INVALID_QUERY",
    `There is no "${unknown}" in the schema "${from}" that could be kept.`,
  );
}

async function checkMovable(
  { driver, settings }: LifecycleDeps,
  on: Queryable,
  { from }: AdoptPlan,
  adopted: readonly HeldObject[],
): Promise<void> {
  const { adopt } = driver.dialect;
  const facts = adopted.flatMap((held) =>
    held.refusal === null ? [] : [`The ${held.kind} ${nameOf(held, from)} ${held.refusal}.`],
  );
  const { params, text } = adopt.texts(from);
  const { rows } = await on.query<HeldText>(text, params);
  const moved = new Set(adopted.map(({ name }) => name));
  for (const found of rows) {
    const names = namesIn(found.text, from);
    const isPath = found.text.startsWith("search_path=");
    const isBuilt = Boolean(found.isInside) && buildsNames(found.text, from);
    // Another schema's name may be a part of what is in a string.
    const named = [...names].filter((name) => moved.has(name));
    if (isPath) facts.push(`The ${found.object} sets a search path with "${from}" in it.`);
    else if (named.length > 0) {
      facts.push(`The ${found.object} names ${named.map((name) => `${from}.${name}`).join(", ")}.`);
    } else if (isBuilt) facts.push(`The ${found.object} makes names with "${from}" in them.`);
  }
  if (facts.length === 0) return;
  const where = from === settings.rules.globalSchema ? "global schema" : `schema "${from}"`;
  throw new TenancyError(
    "SCHEMA_NOT_MOVABLE",
    `What is in the ${where} cannot be moved as it is. ${facts.join(" ")}`,
    {
      remedy:
        "Write these names without the schema, so that they are looked for in the tenant's, or remove what has them and make it again afterwards; nothing was changed.",
    },
  );
}

/** Whether a text makes names when it is run, or looks for some in the catalog. */
function buildsNames(text: string, schemaName: string): boolean {
  const name = String.raw`"?${schemaName.replaceAll(/\W/g, String.raw`\$&`)}"?`;
  const inText = String.raw`(?<![\w$".])${name}\s*\.\s*"?(?:%|'|$)`;
  const inCatalog = String.raw`(?:schema\w*|nspname|search_path'?)"?\s*(?:=|<>|!=|,|\bto\b|(?:not\s+)?\bin\s*\()\s*'?${name}(?![\w$])`;
  return new RegExp(`${inText}|${inCatalog}`, "i").test(text);
}

/** Names that a text has behind the schema's, as the server would read them. */
function namesIn(text: string, schemaName: string): Set<string> {
  const escaped = schemaName.replaceAll(/\W/g, String.raw`\$&`);
  const pattern = new RegExp(
    String.raw`(?<![\w$".])"?${escaped}"?\s*\.\s*(?:"((?:[^"]|"")+)"|([A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*))`,
    "gi",
  );
  const names = new Set<string>();
  for (const [, quoted, word] of text.matchAll(pattern)) {
    names.add(quoted?.replaceAll('""', '"') ?? (word ?? "").toLowerCase());
  }
  return names;
}
