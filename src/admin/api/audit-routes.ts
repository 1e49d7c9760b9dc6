import type { AuditOptions, AuditOutcome } from "../../core/audit.ts";
import type { Tenancy } from "../../core/tenancy.ts";
import type { AuditList } from "../contract.ts";
import { defineRoute, type Route } from "./route.ts";
import { integer, oneOf, ref, type Schema, text } from "./schema.ts";
import { toAuditView } from "./views.ts";

/** How a page of the log is asked for. */
export interface AuditQuery {
  readonly tenant?: string;
  readonly actor?: string;
  readonly action?: string;
  readonly outcome?: AuditOutcome;
  readonly limit?: number;
  readonly cursor?: string;
}

/** Its parameters, but for whose it is. */
export const AUDIT_PAGE: Readonly<Record<string, Schema>> = {
  action: text({ maxLength: 100 }),
  actor: text({ maxLength: 200 }),
  cursor: text(),
  limit: integer(1, 1000),
  outcome: oneOf(["begun", "done", "failed"]),
};

/** Reads one page. */
export async function readAudit(
  tenancy: Pick<Tenancy, "audit">,
  query: AuditQuery,
  whose: Pick<AuditOptions, "tenantId"> = {},
): Promise<AuditList> {
  const page = await tenancy.audit({ limit: 50, ...query, ...whose });
  return { entries: page.entries.map(toAuditView), nextCursor: page.nextCursor ?? null };
}

/** Routes of the audit log. */
export const AUDIT_ROUTES: readonly Route[] = [
  defineRoute<AuditList, undefined, AuditQuery>({
    answer: ref("AuditList"),
    handle: ({ console: { tenancy }, query }) => readAudit(tenancy, query),
    method: "GET",
    path: "audit",
    permission: "read",
    query: { ...AUDIT_PAGE, tenant: text({ maxLength: 200 }) },
    status: 200,
    summary: "Who changed what, and when",
  }),
];
