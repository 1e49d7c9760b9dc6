import { envVariables } from "./environment.ts";
import { insertImports, styleOfCode } from "./insert-code.ts";
import { insertMembers } from "./insert-json.ts";
import { type EnvLine, insertVariables } from "./insert-lines.ts";
import { insertModels } from "./insert-models.ts";
import type { ByHand, PlannedFile, Planning } from "./plan.ts";
import { importPath } from "./templates/context.ts";
import { MOUNTS } from "./templates/mounts.ts";
import { nextProxyFile, proxyPath } from "./templates/next.ts";
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
  const isCommonJs = text !== undefined && styleOfCode(text).isCommonJs;
  const lines = imports.map(({ from, names }) =>
    isCommonJs
      ? `const { ${names.join(", ")} } = require("${from}");`
      : `import { ${names.join(", ")} } from "${from}";`,
  );
  return {
    byHand: [
      {
        text: [...lines, "", mount.byHand()].join("\n"),
        what: `In ${entry ?? "your application"}, ${mount.where}`,
      },
    ],
    files: [],
  };
}

function proxyByHand({ context, files }: Planning): ByHand[] {
  const path = proxyPath(context);
  const there = files.read(path);
  if (there === undefined || there.includes("kirayedar/next")) return [];
  return [
    {
      text: nextProxyFile(context),
      what: `In ${path}, which is yours: call \`tenantProxy\` first`,
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
  const after = insertModels(before, models);
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
  const line = `${variable}=${quoted(url)}`;
  const there = envVariables(before)[variable];
  if (before === undefined || there === undefined || there === url) {
    return planVariables(before, [{ name: variable, value: quoted(url) }, ...hosts]);
  }
  const after = before.replace(
    new RegExp(`^\\s*(?:export\\s+)?${variable}\\s*=.*$`, "m"),
    () => line,
  );
  return { action: "replace", after, before };
}

function planVariables(
  before: string | undefined,
  lines: readonly EnvLine[],
): Pick<PlannedFile, "action" | "after" | "before"> {
  const after = insertVariables(before ?? "", lines);
  if (before === undefined) return { action: "create", after };
  return { action: after === before ? "keep" : "change", after, before };
}

/** What is not plain would be cut at a `#`. */
function quoted(value: string): string {
  if (/^[\w:/?@.,;=&%+~-]*$/.test(value)) return value;
  return value.includes("'") ? `"${value}"` : `'${value}'`;
}
