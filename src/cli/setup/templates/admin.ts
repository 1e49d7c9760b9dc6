import { posix } from "node:path";
import type { FrameworkName } from "../facts.ts";
import type { Import } from "../insert-code.ts";
import { importPath, type TemplateContext } from "./context.ts";

/** Writes the module that makes the admin pages; nobody is let in before its hook is written. */
export function adminFile({ facts, paths }: TemplateContext): string {
  const isTypescript = facts.language.isTypescript;
  const type = isTypescript ? ": Authorize" : "";
  return `import { ${isTypescript ? "type Authorize, " : ""}createAdmin } from "kirayedar/admin";
import { tenancy } from "${importPath(paths.admin, paths.tenancy, facts)}";

/**
 * Tells who sends a request, and what they may do: "read", "operate" or "destroy". Nobody may do
 * anything until you have written it.
 */
const authorize${type} = async (_request) => {
  // Look for the session of your own sign-in, and trust nothing that anybody can send:
  // const user = await findUser(_request.headers.get("cookie"));
  // if (user?.isStaff) return { person: user.email, may: "operate" };
  return null;
};

/** The admin pages, below /admin. */
export const admin = createAdmin({ tenancy, authorize });
`;
}

/** Returns where Next looks for the handlers of the admin pages' paths. */
export function adminRoutePath({ facts }: TemplateContext): string {
  const ending = facts.language.isTypescript ? "ts" : "js";
  return posix.join(facts.sourceFolder, `app/admin/[[...path]]/route.${ending}`);
}

/** Writes the handlers of the admin pages for Next. */
export function adminRouteFile(context: TemplateContext): string {
  const { facts, paths } = context;
  return `import { admin } from "${importPath(adminRoutePath(context), paths.admin, facts)}";

export {
  admin as DELETE,
  admin as GET,
  admin as HEAD,
  admin as PATCH,
  admin as POST,
  admin as PUT,
};
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
  line: (app) => `${app}.use("/admin", toNodeListener(admin))`,
};

/** How each framework mounts the admin pages; Next has a file of its own for them. */
export const ADMIN_MOUNTS: Readonly<Record<Exclude<FrameworkName, "next" | "none">, AdminMount>> = {
  express: behindRouter,
  fastify: {
    imports: [{ from: "kirayedar/admin", names: ["toFastifyPlugin"] }],
    line: (app) => `await ${app}.register(toFastifyPlugin(admin))`,
  },
  hono: {
    imports: [],
    line: (app) => `${app}.all("/admin/*", (context) => admin(context.req.raw))`,
  },
  koa: {
    imports: [{ from: "kirayedar/admin", names: ["toKoaMiddleware"] }],
    line: (app) => `${app}.use(toKoaMiddleware(admin))`,
  },
  nest: behindRouter,
  node: {
    imports: LISTENER,
    line: () =>
      "const pages = toNodeListener(admin);\n" +
      "createServer((request, response) => pages(request, response, () => yourListener(request, response)))",
  },
};
