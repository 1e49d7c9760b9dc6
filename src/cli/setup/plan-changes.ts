import { schemasBeside } from "./detect-tables.ts";
import { envVariables } from "./environment.ts";
import { importLines, insertImports } from "./insert-code.ts";
import { insertMembers } from "./insert-json.ts";
import { type EnvLine, insertVariables } from "./insert-lines.ts";
import { insertModels } from "./insert-models.ts";
import type { ByHand, PlannedFile, Planning } from "./plan.ts";
import { importPath } from "./templates/context.ts";
import { MOUNTS } from "./templates/mounts.ts";
import { findProxy, nextProxyFile } from "./templates/next.ts";
import { prismaModels } from "./templates/prisma.ts";

/** What is planned for files that are the application's own. */
export interface Changes {
  readonly files: readonly PlannedFile[];
  readonly byHand: readonly ByHand[];
}

/** Plans where requests get their tenant: in the file that makes the server, or by hand. */
export function planEntry(planning: Planning): Changes {
  const { context, files } = planning;
  const { answers, facts, paths } = context;
  const { framework } = answers;
  const nothing = { byHand: [], files: [] };
  if (framework === "none") return nothing;
  if (framework === "next") return { byHand: proxyByHand(planning), files: [] };
  const mount = MOUNTS[framework];
  const entry = facts.framework === framework ? facts.entry : undefined;
  const text = entry === undefined ? undefined : files.read(entry);
  const source = entry ?? paths.tenancy.replace(/tenancy\/tenancy(\.\w+)$/, "server$1");
  const imports = [
    ...mount.imports,
    { from: importPath(source, paths.tenancy, facts), names: ["tenancy"] },
  ];
  const what = "finds the tenant of each request";
  if (entry !== undefined && text !== undefined) {
    const isMounted = mount.imports.some(({ from }) => text.includes(from));
    if (isMounted) {
      return {
        byHand: [],
        files: [{ action: "keep", after: text, before: text, path: entry, what }],
      };
    }
    const inserted = mount.insert(text, context);
    if (inserted !== undefined) {
      const after = insertImports(inserted, imports);
      return {
        byHand: [],
        files: [{ action: "change", after, before: text, path: entry, what }],
      };
    }
  }
  return {
    byHand: [
      {
        text: [...importLines(imports, text, facts), "", mount.byHand()].join("\n"),
        what: `In ${entry ?? "your application"}, ${mount.where}`,
      },
    ],
    files: [],
  };
}

function proxyByHand({ context, files }: Planning): ByHand[] {
  const path = findProxy(context, files);
  const there = path === undefined ? undefined : files.read(path);
  if (path === undefined || there?.includes("kirayedar/next") === true) return [];
  return [
    {
      text: nextProxyFile(context),
      what: `In ${path}, which is yours${path.includes("middleware.") ? ", and is called proxy in Next 16" : ""}: call \`tenantProxy\` first`,
    },
  ];
}

/** Plans the scripts of `package.json`. */
export function insertScripts({ context, files }: Planning): PlannedFile {
  const before = files.read("package.json") ?? "{}\n";
  const after = insertMembers(before, "scripts", {
    "tenants:create": "kirayedar create",
    "tenants:list": "kirayedar list",
    "tenants:migrate": "kirayedar migrate --global --all",
    "tenants:status": "kirayedar status",
  });
  const action = after === before ? "keep" : "change";
  const what = `scripts, to be run with ${context.facts.packageManager}`;
  return { action, after, before, path: "package.json", what };
}

/** Plans the models in Prisma's schema, or shows them where there is none. */
export function planPrisma({ context, files }: Planning): Changes {
  const { answers, example, facts, names } = context;
  if (answers.orm !== "prisma") return { byHand: [], files: [] };
  const models = prismaModels(context);
  const path = facts.prismaSchema;
  const before = path === undefined ? undefined : files.read(path);
  if (path === undefined || before === undefined) {
    const text = models.map((model) => model.text).join("\n");
    return { byHand: [{ text, what: "In your Prisma schema, which was not found" }], files: [] };
  }
  const all = schemasBeside(files, path).map((each) => files.read(each) ?? "");
  const after = insertModels(before, models, all.join("\n"));
  const action = after === before ? "keep" : "change";
  const what = `models of ${names.table} and ${example.table}`;
  return { byHand: [], files: [{ action, after, before, path, what }] };
}

/** Plans the variables in `.env.example`, and in `.env` where an address was given. */
export function planEnvironment({ context, files }: Planning): PlannedFile[] {
  const { answers, engine, facts } = context;
  const { variable } = facts.database;
  const sample =
    engine === "postgres"
      ? "postgres://user:password@localhost:5432/app"
      : "mysql://user:password@localhost:3306/app";
  const isInProcess = answers.driver === "pglite";
  const { adminHost, primaryDomain } = answers;
  const address: EnvLine[] = isInProcess ? [] : [{ name: variable, value: sample }];
  const hosts: EnvLine[] = [
    {
      about: "Tenants are below this domain: acme.localhost",
      name: "PRIMARY_DOMAIN",
      value: "localhost",
    },
    ...(adminHost === "" || adminHost === `admin.${primaryDomain}`
      ? []
      : [{ name: "ADMIN_HOST", value: "admin.localhost" }]),
  ];
  const example = planVariables(files.read(".env.example"), [...address, ...hosts]);
  const planned: PlannedFile[] = [
    { ...example, path: ".env.example", what: "variables that have to be set" },
  ];
  if (answers.databaseUrl === "" || isInProcess) return planned;
  const own = planOwnEnvironment(files.read(".env"), variable, answers.databaseUrl, hosts);
  return [...planned, { ...own, isSecret: true, path: ".env", what: "the database's address" }];
}

function planOwnEnvironment(
  before: string | undefined,
  variable: string,
  url: string,
  hosts: readonly EnvLine[],
): Pick<PlannedFile, "action" | "after" | "before"> {
  const address = withoutQuotes(url);
  const there = envVariables(before)[variable];
  if (before === undefined || there === undefined || there === url || there === address) {
    return planVariables(before, [{ name: variable, value: quoted(address) }, ...hosts]);
  }
  const after = before.replace(
    // Of several lines the last one is in force.
    new RegExp(`^[ \\t]*(?:export[ \\t]+)?${variable}[ \\t]*=[^\\r\\n]*`, "gm"),
    () => `${variable}=${quoted(address)}`,
  );
  // A name without a value, as a copy of `.env.example` has it, is there to be filled in.
  return { action: there === "" ? "change" : "replace", after, before };
}

function planVariables(
  before: string | undefined,
  lines: readonly EnvLine[],
): Pick<PlannedFile, "action" | "after" | "before"> {
  const after = insertVariables(before ?? "", lines);
  if (before === undefined) return { action: "create", after };
  return { action: after === before ? "keep" : "change", after, before };
}

/** Writes what programs that read `.env` understand each in their own way as addresses may have it. */
function withoutQuotes(url: string): string {
  return url.replace(/["$'\\`]/g, (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** What is not plain would be cut at a `#`. */
function quoted(value: string): string {
  return /^[\w:/?@.,;=&%+~-]*$/.test(value) ? value : `'${value}'`;
}
