import { importPath, type TemplateContext } from "./context.ts";

/** Writes the module that makes the tenancy, once for the process. */
export function tenancyFile(context: TemplateContext): string {
  const { answers, facts, paths } = context;
  const config = importPath(paths.tenancy, paths.config, facts);
  if (answers.framework === "next") return nextTenancyFile(config);
  return `import { createTenancy } from "kirayedar";
import config from "${config}";

/** The one tenancy of this process. Connects when it is first used. */
export const tenancy = createTenancy(config);
`;
}

function nextTenancyFile(config: string): string {
  return `import { headers } from "next/headers";
import { notFound } from "next/navigation";
import { createTenancy } from "kirayedar";
import { onePerProcess, tenantNext } from "kirayedar/next";
import config from "${config}";

/** The one tenancy of this process, however often Next loads this module. */
export const tenancy = onePerProcess("tenancy", () => createTenancy(config));

/** Wrap route handlers, server actions, and functions that get data for components in these. */
export const { scoped, tenantAction, withTenant } = tenantNext(tenancy, { headers, notFound });
`;
}
