import { resolve } from "node:path";
import type { TenancyConfig } from "../core/config.ts";
import type { Settings } from "../core/settings.ts";
import { invalidOption } from "./check.ts";

/** Checks where the seed comes from. @throws TenancyError `INVALID_CONFIG` */
export function resolveSeed({ rootDir = ".", seed }: TenancyConfig): Settings["seed"] {
  const isSource = typeof seed === "function" || (typeof seed === "string" && seed !== "");
  if (seed !== undefined && !isSource) {
    throw invalidOption("seed", "is neither the path of a file nor a function");
  }
  // Next would put the whole project into the server's output for a folder that it cannot tell.
  return { rootDir: resolve(/* turbopackIgnore: true */ rootDir), source: seed };
}
