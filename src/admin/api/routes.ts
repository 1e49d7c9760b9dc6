import { ACTION_ROUTES } from "./action-routes.ts";
import { AUDIT_ROUTES } from "./audit-routes.ts";
import { DOMAIN_ROUTES } from "./domain-routes.ts";
import { LIVE_ROUTES } from "./live-routes.ts";
import { MIGRATION_ROUTES } from "./migration-routes.ts";
import { openApiDocument } from "./openapi.ts";
import { OVERVIEW_ROUTES } from "./overview-routes.ts";
import type { Call, Route } from "./route.ts";
import { RUN_ROUTES } from "./run-routes.ts";
import { record } from "./schema.ts";
import { SESSION_ROUTES } from "./session-routes.ts";
import { TENANT_ROUTES } from "./tenant-routes.ts";

const DOCUMENT_ROUTE: Route = {
  answer: record(true),
  handle: ({ console: { basePath } }: Call) => openApiDocument(ROUTES, basePath),
  method: "GET",
  path: "openapi.json",
  permission: "read",
  status: 200,
  summary: "This description of the API",
};

/** Every route of the API. */
export const ROUTES: readonly Route[] = [
  ...SESSION_ROUTES,
  ...OVERVIEW_ROUTES,
  ...TENANT_ROUTES,
  ...ACTION_ROUTES,
  ...DOMAIN_ROUTES,
  ...MIGRATION_ROUTES,
  ...RUN_ROUTES,
  ...LIVE_ROUTES,
  ...AUDIT_ROUTES,
  DOCUMENT_ROUTE,
];
