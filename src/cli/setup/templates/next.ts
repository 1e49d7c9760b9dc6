import { posix } from "node:path";
import type { ProjectFiles } from "../project-files.ts";
import { importPath, type TemplateContext } from "./context.ts";

/** Returns where Next looks for what runs before every request. */
export function proxyPath({ facts }: TemplateContext): string {
  const folder = facts.sourceFolder === "" ? "" : `${facts.sourceFolder}/`;
  return `${folder}proxy${facts.language.isTypescript ? ".ts" : ".js"}`;
}

/** Finds what runs before every request already; Next refuses two of them, whatever their names. */
export function findProxy(context: TemplateContext, files: ProjectFiles): string | undefined {
  const folder = posix.dirname(proxyPath(context));
  return ["proxy", "middleware"]
    .flatMap((name) => [".ts", ".js"].map((ending) => posix.join(folder, name + ending)))
    .find((path) => files.read(path) !== undefined);
}

/** Writes Next's proxy, which refuses requests of no tenant before anything is rendered. */
export function nextProxyFile(context: TemplateContext): string {
  return `import { NextResponse } from "next/server";
import { tenantProxy } from "kirayedar/next";
import { tenancy } from "${importPath(proxyPath(context), context.paths.tenancy, context.facts)}";

export const proxy = tenantProxy(tenancy, { NextResponse });

export const config = { matcher: ["/((?!_next/static|_next/image|favicon.ico).*)"] };
`;
}
