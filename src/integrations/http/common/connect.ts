import type { IncomingMessage, ServerResponse } from "node:http";
import { attempt, isPromise } from "../../../internal/maybe-promise.ts";
import { type Decision, enterDecision, SKIPPED } from "./decide.ts";
import {
  assignDecision,
  decideNode,
  enterNode,
  headerSetter,
  refuseNode,
  setTenantHeader,
  stripUrl,
} from "./node-scope.ts";
import { type HttpOptions, type HttpTenancy, parseHttpOptions } from "./options.ts";
import { checkGuard, type Required } from "./request-state.ts";
import { urlBeforeRewrite } from "./rewrite-url.ts";
import type { Refusal } from "./status.ts";

/** Continues with the next middleware, or with the error handlers. */
export type ConnectNext = (error?: unknown) => void;

/** A middleware as connect and Express have it. */
export type ConnectMiddleware<Req, Res> = (request: Req, response: Res, next: ConnectNext) => void;

/** Answers a request itself; the refusal says why it was called. */
export type ConnectHandler<Req, Res, Next = ConnectNext> = (
  request: Req,
  response: Res,
  next: Next,
  refusal: Refusal,
) => unknown;

/** Makes a middleware that resolves each request and continues in its tenant's scope. */
export function connectMiddleware<Req extends IncomingMessage, Res extends ServerResponse>(
  tenancy: HttpTenancy,
  options: HttpOptions<Req, ConnectHandler<Req, Res>>,
): ConnectMiddleware<Req, Res> {
  const settings = parseHttpOptions(options);
  const proceed = (request: Req, response: Res, next: ConnectNext, decision: Decision): void => {
    enterNode(tenancy, decision, [request, response], (decision) => {
      assignDecision(request, settings, decision);
      stripUrl(request, decision);
      setTenantHeader(headerSetter(response), settings.responseHeader, decision);
      const { refusal } = decision;
      if (refusal === undefined) return next();
      const handler = settings.handlers[refusal.kind];
      if (handler === undefined) {
        refuseNode(request, response, refusal, settings.retryAfterSeconds);
      } else {
        settle(() => handler(request, response, next, refusal), next);
      }
    });
  };
  return (request, response, next) => {
    // ISOLATION: the scope in force here is the one that the server was started in, if any, and the
    // error handlers would run in it. integration/http/conformance.test.ts
    const fail = (error: unknown): void => enterDecision(tenancy, SKIPPED, () => next(error));
    const url = urlBeforeRewrite(request);
    const decision = attempt(() => decideNode(tenancy, { raw: request, request, settings, url }));
    if (isPromise(decision)) {
      decision.then((decision) => proceed(request, response, next, decision), fail);
    } else {
      proceed(request, response, next, decision);
    }
  };
}

/** Makes a middleware that lets only requests of the required scope pass. */
export function connectGuard<Req extends IncomingMessage, Res extends ServerResponse>(
  required: Required,
  handler: ConnectHandler<Req, Res> | undefined,
): ConnectMiddleware<Req, Res> {
  return (request, response, next) => {
    let refusal: Refusal | undefined;
    try {
      refusal = checkGuard(request, required);
    } catch (error) {
      next(error);
      return;
    }
    if (refusal === undefined) next();
    else if (handler === undefined) refuseNode(request, response, refusal, 0);
    else settle(() => handler(request, response, next, refusal), next);
  };
}

/** Calls an application's handler; what it throws or rejects with goes to the error handlers. */
function settle(handler: () => unknown, next: ConnectNext): void {
  try {
    const result = handler();
    if (result instanceof Promise) result.catch(next);
  } catch (error) {
    next(error);
  }
}
