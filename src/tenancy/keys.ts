import { lstat, realpath } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import type { Scope } from "../core/scope.ts";
import type { Keys } from "../core/tenancy.ts";
import { keyOf } from "../core/tenant-key.ts";
import { pathOf } from "../core/tenant-path.ts";
import { TenancyError } from "../errors/tenancy-error.ts";

/**
 * Creates what names keys and files of one scope.
 *
 * @param scope - returns the scope, or throws `TENANT_REQUIRED`
 */
export function createKeys(scope: () => Scope): Keys {
  return {
    filePath: async (root, ...parts) => {
      const path = pathOf(scope(), parts);
      const absolute = resolve(root, ...path.split("/"));
      await checkLinks(await realpath(root), resolve(root), absolute);
      return absolute;
    },
    key: (...parts) => keyOf(scope(), parts),
    path: (...parts) => pathOf(scope(), parts),
  };
}

/** Refuses a path if what is there of it already leads elsewhere than it says. */
async function checkLinks(realRoot: string, root: string, absolute: string): Promise<void> {
  for (let path = absolute; path !== root; path = dirname(path)) {
    const real = await realpath(path).catch((error: unknown) => error as NodeJS.ErrnoException);
    // ISOLATION: a link that was unpacked into a tenant's folder may lead to another tenant's.
    // unit/tenancy/file-path.test.ts
    if (typeof real === "string") {
      if (real !== join(realRoot, relative(root, path))) throw leadsElsewhere();
      return;
    }
    // A link to what is not there yet would be followed by whoever writes.
    if (real.code === "ENOENT" && (await isLink(path))) throw leadsElsewhere();
    if (real.code !== "ENOENT") throw leadsElsewhere(real);
  }
}

async function isLink(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => false,
  );
}

function leadsElsewhere(cause?: unknown): TenancyError {
  return new TenancyError("INVALID_PATH", "A path leads through a link, or through a file.", {
    cause,
    remedy: "Remove the link; `filePath` follows none below its root folder.",
  });
}
