import type { Scope } from "../../../core/scope.ts";
import type { Tenancy } from "../../../core/tenancy.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";

/** The part of a tenancy that sessions use. */
export type SessionTenancy = Pick<Tenancy, "currentScope" | "logger">;

/** Where a session was begun, or is used. */
export type SessionOrigin =
  | { readonly kind: "tenant"; readonly id: string }
  | { readonly kind: "global" }
  /** In no scope, such as on a page for visitors; or, of an origin, nobody knows. */
  | { readonly kind: "none" };

/** How sessions are judged. */
export interface CheckSessionOptions {
  /**
   * Lets a session be used elsewhere than where it was begun, such as an administrator's in the tenants.
   * Default: never.
   */
  readonly accept?: (begun: SessionOrigin, here: SessionOrigin) => boolean;
  /**
   * What happens to sessions that have data but no mark, from before there was a guard. Default
   * `"refuse"`. `"adopt"` takes them for the tenant in which they are seen first: for a time of
   * transition, as a copied one is adopted too.
   */
  readonly unmarked?: "refuse" | "adopt";
}

/** Property of the session's data that says where it was begun. */
const MARK = "kirayedarOrigin";

/** What is in a session that nobody has put anything into. */
const EMPTY: ReadonlySet<string> = new Set(["cookie", MARK]);

/**
 * Refuses a session that was begun in another tenant; a session that is empty is marked as begun here.
 * For whatever gives a session as an object: those of Fastify, Koa, Hono, or a cookie's content. Call it
 * in the request's scope, before anything reads the session.
 *
 * @throws TenancyError `WRONG_TENANT`; the session itself is left as it is. `INVALID_CONFIG` for a wrong
 *   option
 */
export function checkSession(
  tenancy: Pick<SessionTenancy, "currentScope">,
  session: object,
  options: CheckSessionOptions = {},
): void {
  const here = originIn(tenancy.currentScope());
  if (!isAllowed(session, here, options)) throw wrongSession(tenancy.currentScope());
  if (markOf(session) === undefined) markSession(session, here);
}

/** Tells whether a session may be used here. */
export function isAllowed(
  session: object,
  here: SessionOrigin,
  { accept, unmarked = "refuse" }: CheckSessionOptions,
): boolean {
  const mark = markOf(session);
  // ISOLATION: a cookie of a parent domain reaches every tenant, and a user's id in it names somebody
  // else there. integration/http/session.test.ts
  if (mark === toMark(here)) return true;
  if (mark === undefined && (isEmptySession(session) || unmarked === "adopt")) return true;
  const isAccepted: unknown = accept?.(fromMark(mark), here);
  return isAccepted === true;
}

/** Checks the options. @throws TenancyError `INVALID_CONFIG` */
export function checkSessionOptions({ accept, unmarked }: CheckSessionOptions): void {
  const isGood =
    (accept === undefined || typeof accept === "function") &&
    (unmarked === undefined || unmarked === "refuse" || unmarked === "adopt");
  if (isGood) return;
  throw new TenancyError(
    "INVALID_CONFIG",
    'Of the options of sessions, `accept` is a function, and `unmarked` is "refuse" or "adopt".',
  );
}

/** Writes into a session where it was begun. */
export function markSession(session: object, here: SessionOrigin): void {
  (session as Record<string, unknown>)[MARK] = toMark(here);
}

/** Returns where a session says that it was begun. */
export function originOf(session: object): SessionOrigin {
  return fromMark(markOf(session));
}

/** Tells whether a session says where it was begun. */
export function isMarked(session: object): boolean {
  return markOf(session) !== undefined;
}

/** Tells whether nobody has put anything into a session. */
export function isEmptySession(session: object): boolean {
  return Object.keys(session).every((key) => EMPTY.has(key));
}

/** Returns where a scope is. */
export function originIn(scope: Scope | undefined): SessionOrigin {
  if (scope === undefined) return { kind: "none" };
  return scope.kind === "tenant" ? { id: scope.tenant.id, kind: "tenant" } : { kind: "global" };
}

/** Returns the error for a session of somebody else. */
export function wrongSession(scope: Scope | undefined): TenancyError {
  return new TenancyError("WRONG_TENANT", "The session was begun in another tenant.", {
    remedy: "Begin a new session here.",
    tenant: scope?.kind === "tenant" ? scope.tenant.slug : undefined,
  });
}

function markOf(session: object): unknown {
  return (session as Record<string, unknown>)[MARK];
}

function toMark(origin: SessionOrigin): string {
  return origin.kind === "tenant" ? `tenant ${origin.id}` : origin.kind;
}

/** What is in a session may be of any age. */
function fromMark(mark: unknown): SessionOrigin {
  if (mark === "global") return { kind: "global" };
  if (typeof mark !== "string" || !mark.startsWith("tenant ")) return { kind: "none" };
  return { id: mark.slice("tenant ".length), kind: "tenant" };
}
