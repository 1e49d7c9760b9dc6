import type { Session } from "../contract.ts";
import { packageVersion } from "../package-version.ts";
import { defineRoute, type Route } from "./route.ts";
import { ref } from "./schema.ts";

/** Routes about who asks. */
export const SESSION_ROUTES: readonly Route[] = [
  defineRoute<Session>({
    answer: ref("Session"),
    handle: async ({ console, csrfToken, may, person }) => {
      const { about } = console.tenancy;
      return {
        csrfToken,
        engine: about.engine,
        extraColumns: about.extraColumns,
        hasSeed: about.hasSeed,
        may,
        person,
        primaryDomain: about.primaryDomain ?? null,
        tenantPrefix: about.tenantPrefix,
        version: packageVersion(),
      };
    },
    method: "GET",
    path: "session",
    permission: "read",
    status: 200,
    summary: "Who asks, and what is configured",
  }),
];
