import { importFrom, pathIn, toFileName, toFunctionName } from "./file-name.ts";
import type { Generated } from "./generated-file.ts";
import type { ProjectLanguage } from "./project-language.ts";

/** What resolver, and where. */
export interface GenerateResolverOptions {
  /** What it is called, such as `api key`. */
  readonly name: string;
  /** What the project is written in. */
  readonly language: Pick<
    ProjectLanguage,
    "fileEnding" | "hasSource" | "importEnding" | "isTypescript"
  >;
  /** Folder of the file, from the project's. Default `src/resolvers`, or `resolvers` without `src`. */
  readonly folder?: string | undefined;
  /** Path of the configuration file, from the project's folder. */
  readonly configFile: string;
  /** Whether the configuration has resolvers of its own already. */
  readonly hasResolvers: boolean;
}

/** Returns the module of a resolver. @throws CommanderError for a name that cannot be one */
export function generateResolver(options: GenerateResolverOptions): Generated {
  const { configFile, hasResolvers, language } = options;
  const name = toFileName(options.name);
  const folder = options.folder ?? (language.hasSource ? "src/resolvers" : "resolvers");
  const path = pathIn(folder, name);
  const file = path + language.fileEnding;
  const fn = toFunctionName(name);
  const entry = hasResolvers
    ? [{ text: `${fn}(),`, where: "configuration, in `resolvers`" }]
    : [
        { text: 'import { host } from "kirayedar";', where: "configuration" },
        { text: `resolvers: [${fn}(), host()],`, where: "configuration" },
      ];
  return {
    additions: [
      {
        text: `import { ${fn} } from "${importFrom(configFile, path)}${language.importEnding}";`,
        where: "configuration",
      },
      ...entry,
    ],
    files: [{ file, text: resolverModule(name, fn, language.isTypescript) }],
  };
}

function resolverModule(name: string, fn: string, isTypeScript: boolean): string {
  const header = `x-${name}`;
  const typed = (type: string): string => (isTypeScript ? `: ${type}` : "");
  const head = isTypeScript
    ? 'import type { Identification, Resolver, ResolveRequest } from "kirayedar";\n\n'
    : "";
  return `${head}const HEADER = ${JSON.stringify(header)};

/**
 * Finds out from a request which tenant it is for. \`identify\` looks at the request alone; what it names
 * is looked up afterwards. It returns one of:
 *
 * - \`{ kind: "slug", slug }\` or \`{ kind: "id", id }\`: that tenant, and nobody if there is none
 * - \`{ kind: "domain", domain }\`: the tenant that has this domain, and no opinion if nobody has
 * - \`{ kind: "global" }\`: the global scope
 * - \`{ kind: "invalid", reason }\`: the request is malformed, and is refused with 400
 * - \`undefined\`: no opinion, and the other resolvers say
 *
 * All resolvers are asked. If two name different tenants, the request is refused.
 */
export function ${fn}()${typed("Resolver")} {
  return { identify, name: ${JSON.stringify(name)} };
}

// Anybody can send a header: take it from a proxy of your own that sets it, or prove what is in it.
function identify(request${typed("ResolveRequest")})${typed("Identification")} {
  const values = headerValues(request);
  if (values.length > 1) return { kind: "invalid", reason: \`the header \${HEADER} is there twice\` };
  const [slug] = values;
  return slug === undefined || slug === "" ? undefined : { kind: "slug", slug };
}

function headerValues({ headers }${typed("ResolveRequest")})${typed("readonly string[]")} {
  const value = typeof headers === "function" ? headers(HEADER) : headers?.[HEADER];
  if (value === undefined || value === null) return [];
  return typeof value === "string" ? [value] : value;
}
`;
}
