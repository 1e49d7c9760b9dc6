import type { Generated } from "./generated-file.ts";
import type { ProjectLanguage } from "./project-language.ts";

/** A framework that the console can be mounted in. */
export type AdminFramework =
  | "elysia"
  | "express"
  | "fastify"
  | "h3"
  | "hono"
  | "koa"
  | "nest"
  | "next"
  | "node";

/** Every {@link AdminFramework}. */
export const ADMIN_FRAMEWORKS: readonly AdminFramework[] = [
  "elysia",
  "express",
  "fastify",
  "h3",
  "hono",
  "koa",
  "nest",
  "next",
  "node",
];

/** For what the mount is made. */
export interface GenerateAdminOptions {
  /** What the project is written in. */
  readonly language: Pick<
    ProjectLanguage,
    "fileEnding" | "hasSource" | "importEnding" | "isTypescript"
  >;
  /** What serves its requests. */
  readonly framework: AdminFramework;
  /** Folder of the pages of one's own, from the project's; absent for those of the package. */
  readonly pages?: string | undefined;
}

/** What differs between frameworks. */
interface Words {
  /** What is imported to mount the console. */
  readonly helper?: string;
  /** The line that does. */
  readonly mount: string;
  /** How the person who asks is found there, as a comment. */
  readonly example: readonly string[];
}

const FETCH_EXAMPLE = [
  'const user = await findUserBySession(request.headers.get("cookie"));',
  'return user?.isStaff ? { person: user.email, may: "operate" } : null;',
];
const RAW_EXAMPLE = (raw: string): readonly string[] => [
  `const { user } = ${raw};`,
  'return user?.isStaff ? { person: user.email, may: "operate" } : null;',
];
const NODE = 'app.use("/admin", toNodeListener(createConsole(tenancy)));';

const WORDS: Readonly<Record<AdminFramework, Words>> = {
  elysia: {
    example: FETCH_EXAMPLE,
    mount: 'app.all("/admin/*", ({ request }) => adminPages(request), { parse: "none" });',
  },
  express: {
    example: RAW_EXAMPLE("raw as Express.Request"),
    helper: "toNodeListener",
    mount: NODE,
  },
  fastify: {
    example: RAW_EXAMPLE("raw as FastifyRequest"),
    helper: "toFastifyPlugin",
    mount: "await app.register(toFastifyPlugin(createConsole(tenancy)));",
  },
  h3: { example: FETCH_EXAMPLE, mount: 'app.all("/admin/**", (event) => adminPages(event.req));' },
  hono: {
    example: FETCH_EXAMPLE,
    mount: 'app.all("/admin/*", (context) => adminPages(context.req.raw));',
  },
  koa: {
    example: RAW_EXAMPLE("(raw as Context).state"),
    helper: "toKoaMiddleware",
    mount: "app.use(toKoaMiddleware(createConsole(tenancy)));",
  },
  nest: { example: RAW_EXAMPLE("raw as Express.Request"), helper: "toNodeListener", mount: NODE },
  next: {
    example: FETCH_EXAMPLE,
    mount:
      "export { adminPages as DELETE, adminPages as GET, adminPages as PATCH, adminPages as POST };",
  },
  node: {
    example: FETCH_EXAMPLE,
    helper: "toNodeListener",
    mount:
      "const serveConsole = toNodeListener(createConsole(tenancy)); " +
      "// in the listener: serveConsole(request, response, () => serveTheRest(request, response))",
  },
};

/** Returns the mount of the admin console, with a hook that lets nobody in until it is filled in. */
export function generateAdmin(options: GenerateAdminOptions): Generated {
  const { framework, language } = options;
  const { helper, mount } = WORDS[framework];
  const file = `${language.hasSource ? "src/" : ""}admin${language.fileEnding}`;
  const imports = [
    `import { createConsole } from "./admin${language.importEnding}";`,
    ...(helper === undefined ? [] : [`import { ${helper} } from "kirayedar/admin";`]),
    ...(helper === undefined ? ["const adminPages = createConsole(tenancy);"] : []),
  ];
  const where =
    framework === "next"
      ? "file app/admin/[[...path]]/route of Next.js"
      : "application, in front of the tenants' middleware";
  return {
    additions: [...imports, mount].map((text) => ({ text, where })),
    files: [{ file, text: mountModule(options) }],
  };
}

function mountModule({ framework, language, pages }: GenerateAdminOptions): string {
  const { isTypescript } = language;
  const typed = (text: string): string => (isTypescript ? text : "");
  const example = WORDS[framework].example.map((line) => `  //   ${untyped(line, isTypescript)}`);
  const ownPages =
    pages === undefined
      ? ""
      : `    // From the folder that the application is started in, wherever this module is compiled to.
    pages: resolve(${JSON.stringify(`${pages}/ui/dist`)}),\n`;
  return `${pages === undefined ? "" : 'import { resolve } from "node:path";\n'}${typed('import type { Tenancy } from "kirayedar";\n')}import { createAdmin${typed(", type Admin, type AdminPerson")} } from "kirayedar/admin";

/**
 * Says who sends a request to the admin console, and what they may do. Whoever it names can see, and with
 * more than "read" change, the tenants of everybody. As it stands it lets NOBODY in: fill it in.
 *
 *   "read"     sees everything
 *   "operate"  also creates, suspends, renames and migrates
 *   "destroy"  also drops tenants and rolls migrations back
 */
async function authorize(_request${typed(": Request")}, _raw${typed(": unknown")})${typed(": Promise<AdminPerson | null>")} {
  // Look at the session of your own sign-in, in the global scope. For example:
${example.join("\n")}
  return null;
}

/** Creates the admin console, to be mounted at /admin. */
export function createConsole(tenancy${typed(": Tenancy")})${typed(": Admin")} {
  return createAdmin({
    authorize,
    basePath: "/admin",
${ownPages}    tenancy,
  });
}
`;
}

function untyped(line: string, isTypescript: boolean): string {
  return isTypescript ? line : line.replace(/\((\w+) as [\w.]+\)| as [\w.]+/, "$1");
}
