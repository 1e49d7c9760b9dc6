import { posix } from "node:path";
import { generateAdmin } from "../../generate/admin.ts";
import type { FrameworkName } from "../facts.ts";
import type { Import } from "../insert-code.ts";
import { importPath, type TemplateContext } from "./context.ts";

/** Writes the module that makes the admin pages, as `kirayedar generate admin` does. */
export function adminFile({ answers, facts }: TemplateContext): string {
  const framework = answers.framework === "none" ? "node" : answers.framework;
  const language = { ...facts.language, hasSource: facts.sourceFolder !== "" };
  return generateAdmin({ framework, language })
    .files.map(({ text }) => text)
    .join("\n");
}

/** Returns where Next looks for the handlers of the admin pages' paths. */
export function adminRoutePath({ facts }: TemplateContext): string {
  const ending = facts.language.isTypescript ? "ts" : "js";
  return posix.join(facts.sourceFolder, `app/admin/[[...path]]/route.${ending}`);
}

/** Writes the handlers of the admin pages for Next. */
export function adminRouteFile(context: TemplateContext): string {
  const { facts, paths } = context;
  const path = adminRoutePath(context);
  return `import { createConsole } from "${importPath(path, paths.admin, facts)}";
import { tenancy } from "${importPath(path, paths.tenancy, facts)}";

const adminPages = createConsole(tenancy);

export { adminPages as DELETE, adminPages as GET, adminPages as PATCH, adminPages as POST };
`;
}

/** The line that mounts the admin pages. */
export interface AdminMount {
  /** What it needs from the toolkit. */
  readonly imports: readonly Import[];
  /** The line, for an application of that name. */
  line(app: string): string;
}

const LISTENER: readonly Import[] = [{ from: "kirayedar/admin", names: ["toNodeListener"] }];

const behindRouter: AdminMount = {
  imports: LISTENER,
  line: (app) => `${app}.use("/admin", toNodeListener(createConsole(tenancy)))`,
};

/** How each framework mounts the admin pages; Next has a file of its own for them. */
export const ADMIN_MOUNTS: Readonly<Record<Exclude<FrameworkName, "next" | "none">, AdminMount>> = {
  express: behindRouter,
  fastify: {
    imports: [{ from: "kirayedar/admin", names: ["toFastifyPlugin"] }],
    line: (app) => `await ${app}.register(toFastifyPlugin(createConsole(tenancy)))`,
  },
  hono: {
    imports: [],
    line: (app) =>
      `const adminPages = createConsole(tenancy)\n${app}.all("/admin/*", (context) => adminPages(context.req.raw))`,
  },
  koa: {
    imports: [{ from: "kirayedar/admin", names: ["toKoaMiddleware"] }],
    line: (app) => `${app}.use(toKoaMiddleware(createConsole(tenancy)))`,
  },
  nest: behindRouter,
  node: {
    imports: LISTENER,
    line: () =>
      "const pages = toNodeListener(createConsole(tenancy))\n" +
      "createServer((request, response) => pages(request, response, () => yourListener(request, response)))",
  },
};
