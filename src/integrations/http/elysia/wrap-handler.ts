import { randomUUID } from "node:crypto";
import type { MaybePromise } from "../../../core/resolution.ts";
import { captureScope } from "../../../core/scope.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";
import { bindResponse } from "../common/bind.ts";
import { type Decision, decide, enterDecision, SKIPPED } from "../common/decide.ts";
import { withTarget } from "../common/fetch-request.ts";
import type { HttpSettings, HttpTenancy } from "../common/options.ts";
import { rememberDecision } from "../common/request-state.ts";
import {
  bindNodeParts,
  nodePartsOf,
  readServerRequest,
  targetOf,
} from "../common/server-request.ts";
import type { ElysiaHandler, ElysiaOptions } from "./tenant-plugin.ts";

/** What was decided for a request, or why nothing could be. */
export type Outcome = { readonly decision: Decision } | { readonly error: unknown };

/** What Elysia does with a request. */
export type Handle = (request: Request, ...rest: unknown[]) => MaybePromise<Response>;

/** Makes what Elysia wraps its handling of requests in. */
export function wrapHandler(
  tenancy: HttpTenancy,
  settings: HttpSettings<Request, ElysiaHandler>,
  how: {
    readonly outcomes: WeakMap<Request, Outcome>;
    readonly remoteAddress: ElysiaOptions["remoteAddress"];
  },
): (handle: Handle) => Handle {
  const { outcomes, remoteAddress } = how;
  const wrap = (handle: Handle): Handle => {
    return async (request, ...rest) => {
      const node = nodePartsOf(request);
      const outside = captureScope();
      let outcome: Outcome;
      try {
        outcome = { decision: await decideElysia(tenancy, request, settings, remoteAddress) };
      } catch (error) {
        // Thrown in `onRequest`, so that the application's error hooks get it.
        outcome = { error };
      }
      const decision = "decision" in outcome ? outcome.decision : SKIPPED;
      return enterDecision(tenancy, decision, async (decision) => {
        const inScope = captureScope();
        if (node !== undefined) bindNodeParts(node, tenancy, { inScope, outside });
        const stripped = strip(request, decision);
        rememberDecision(stripped, tenancy, decision);
        outcomes.set(stripped, "error" in outcome ? outcome : { decision });
        return bindResponse(await handle(stripped, ...rest), inScope);
      });
    };
  };
  // ISOLATION: of the wrappers with the same text Elysia keeps only the first, and the requests of
  // another tenancy (of another copy of this package, too) would be served without a scope. integration/http/elysia.test.ts
  const text = `kirayedar ${randomUUID()}`;
  return Object.assign(wrap, { toString: () => text });
}

function decideElysia(
  tenancy: HttpTenancy,
  request: Request,
  settings: HttpSettings<Request, ElysiaHandler>,
  remoteAddress: ElysiaOptions["remoteAddress"],
): MaybePromise<Decision> {
  if (settings.skip?.(request) === true) return SKIPPED;
  const { onUnknown, trusts } = settings;
  const read = readServerRequest(request, {
    node: nodePartsOf(request),
    raw: request,
    remoteAddress: remoteAddress && (() => remoteAddress(request)),
    target: targetOf(request.url),
    trusts,
  });
  return decide(tenancy, read, onUnknown);
}

function strip(request: Request, { resolution }: Decision): Request {
  if (resolution?.kind !== "tenant" || resolution.strippedUrl === undefined) return request;
  return withTarget(request, resolution.strippedUrl);
}

/** Returns what was decided for a request, or throws what its resolving failed with. */
export function decisionFor(outcomes: WeakMap<Request, Outcome>, request: Request): Decision {
  const outcome = outcomes.get(request);
  if (outcome === undefined) {
    throw new TenancyError(
      "INVALID_CONFIG",
      "Elysia has not called what the tenant plugin wraps it in.",
      {
        remedy: "Remove `aot: false` from the application, and hand on the request as it came.",
      },
    );
  }
  if ("error" in outcome) throw outcome.error;
  return outcome.decision;
}
