import { posix } from "node:path";
import type { Manifest } from "./manifest.ts";
import type { ProjectFiles } from "./project-files.ts";

/** Returns the schema that Prisma itself would read; of a folder of them, the one with its generator. */
export function findPrismaSchema(files: ProjectFiles, manifest: Manifest): string | undefined {
  const config = files.read("prisma.config.ts") ?? files.read("prisma.config.js") ?? "";
  const configured = schemaOfConfig(config);
  const places = [
    configured,
    configured === undefined ? undefined : `${configured}/schema.prisma`,
    manifest.prisma?.schema,
    "prisma/schema.prisma",
    "schema.prisma",
    "prisma/schema",
    "prisma",
  ];
  for (const place of places) {
    if (place === undefined) continue;
    const path = posix.normalize(place).replace(/\/$/, "");
    if (files.read(path) !== undefined) return path;
    const parts = schemasIn(files, path);
    const main = parts.find((part) => /^generator\s/m.test(files.read(part) ?? "")) ?? parts[0];
    if (main !== undefined) return main;
  }
  return undefined;
}

/** Lists the files that a schema may consist of: those beside it and below. */
export function schemasIn(files: ProjectFiles, folder: string): string[] {
  return files.list(folder).flatMap((name) => {
    const path = posix.join(folder, name);
    if (name.endsWith("/")) {
      return name === "node_modules/" ? [] : schemasIn(files, path.slice(0, -1));
    }
    return name.endsWith(".prisma") ? [path] : [];
  });
}

/** Reads `schema: "prisma"` and `schema: path.join("prisma", "schema")`. */
function schemaOfConfig(text: string): string | undefined {
  const [, call, first, more = ""] =
    /\bschema\s*:\s*([\w.]+\(\s*(?:[\w.]+\s*,\s*)?)?["']([^"']+)["']((?:\s*,\s*["'][^"']+["'])*)/.exec(
      text,
    ) ?? [];
  if (first === undefined || call === undefined) return first;
  return posix.join(first, ...[...more.matchAll(/["']([^"']+)["']/g)].map(([, part = ""]) => part));
}
