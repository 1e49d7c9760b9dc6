import type { IncomingMessage, ServerResponse } from "node:http";
import { TenancyError } from "../../../errors/tenancy-error.ts";
import { refuseNode } from "../common/node-scope.ts";
import { refusalFor } from "../common/status.ts";
import {
  checkSessionOptions,
  type CheckSessionOptions,
  isAllowed,
  isEmptySession,
  isMarked,
  markSession,
  originIn,
  originOf,
  type SessionOrigin,
  type SessionTenancy,
} from "./session-origin.ts";

/** How {@link sessionGuard} judges sessions, and what it does with those of others. */
export interface SessionGuardOptions extends CheckSessionOptions {
  /**
   * What happens to a request with the session of another tenant. Default `"refuse"`: 403.
   * `"renew"` goes on with a new and empty session. In both cases the old one stays in the store, and
   * is good where it was begun.
   */
  readonly onWrongTenant?: "refuse" | "renew";
}

/** The part of a request of `express-session` that is used here. */
interface SessionRequest extends IncomingMessage {
  session?: object | null;
  readonly sessionStore?: { generate(request: IncomingMessage): void };
}

/** A middleware as connect and Express have it. */
export type SessionMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => void;

/**
 * Makes a middleware that refuses the session of another tenant, for `express-session`. A new session
 * is of the tenant of the request in which something is first put into it.
 *
 * Put it behind both the tenant middleware and the session's.
 *
 * @example
 * ```ts
 * app.use(session({ secret, resave: false, saveUninitialized: false }));
 * app.use(tenantMiddleware(tenancy));
 * app.use(sessionGuard(tenancy));
 * ```
 * @throws TenancyError `INVALID_CONFIG` for a wrong option
 */
export function sessionGuard(
  tenancy: SessionTenancy,
  options: SessionGuardOptions = {},
): SessionMiddleware {
  const { onWrongTenant = "refuse" } = options;
  checkSessionOptions(options);
  if (onWrongTenant !== "refuse" && onWrongTenant !== "renew") {
    throw new TenancyError("INVALID_CONFIG", '`onWrongTenant` is "refuse" or "renew".');
  }
  return (request: SessionRequest, response, next) => {
    const { session } = request;
    if (session === undefined || session === null) {
      next(noSession());
      return;
    }
    const here = originIn(tenancy.currentScope());
    if (!isAllowed(session, here, options)) {
      tenancy.logger.info({ reason: "wrong_tenant" }, "session refused");
      const store = request.sessionStore;
      if (onWrongTenant === "refuse" || store === undefined) {
        refuseNode(request, response, refusalFor("wrongTenant", undefined), 0);
        return;
      }
      // `regenerate` would destroy the old one, which is good elsewhere.
      store.generate(request);
    }
    markAtEnd(request, response, here);
    next();
  };
}

/**
 * Marks the session before it is saved, if something is in it: marked at once, it would be saved, with
 * a cookie, for every visitor. `req.session.regenerate` makes another object, so it is looked for at
 * the end.
 */
function markAtEnd(request: SessionRequest, response: ServerResponse, here: SessionOrigin): void {
  const begun = request.session;
  const origin = begun && isMarked(begun) ? originOf(begun) : here;
  const mark = (): void => {
    const { session } = request;
    if (session === undefined || session === null || isEmptySession(session)) return;
    // ISOLATION: whatever was put into it, such as all that a client sent, chooses no tenant.
    // integration/http/session.test.ts
    // `req.session.reload` makes another object of the same session.
    markSession(session, idOf(session) === idOf(begun) ? origin : here);
  };
  const holder: Wrapped = response;
  // `express-session` sets the cookie before the head is written, and saves when the response ends.
  for (const name of ["writeHead", "end"] as const) {
    const original = holder[name];
    holder[name] = (...args) => {
      mark();
      return original.apply(response, args);
    };
  }
}

function idOf(session: object | null | undefined): unknown {
  const known: { readonly id?: unknown } | null | undefined = session;
  return known?.id ?? session;
}

interface Wrapped {
  // oxlint-disable-next-line typescript/no-explicit-any -- handed on as they come, whatever the overload
  writeHead: (...args: any[]) => any;
  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  end: (...args: any[]) => any;
}

function noSession(): TenancyError {
  return new TenancyError("INVALID_CONFIG", "The session guard was reached without a session.", {
    remedy: "Put it behind the middleware of sessions.",
  });
}
