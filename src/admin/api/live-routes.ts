import { AsyncResource } from "node:async_hooks";
import type { Operation } from "../contract.ts";
import { type Call, defineRoute, type Route } from "./route.ts";
import { NOTHING, ref } from "./schema.ts";

/** Routes about what happens now. */
export const LIVE_ROUTES: readonly Route[] = [
  {
    answer: "events",
    handle: ({ console: { live }, isAllowed, person, request }: Call) =>
      // Asked by a timer later, which may be another request's.
      live.open(request.headers.get("last-event-id"), {
        isAllowed: AsyncResource.bind(isAllowed),
        person,
        request,
      }),
    method: "GET",
    path: "events",
    permission: "read",
    status: 200,
    summary: "What happens, as server-sent events",
  },
  defineRoute<Operation>({
    answer: ref("Operation"),
    handle: async ({ console: { operations }, params: { id = "" } }) => operations.get(id),
    method: "GET",
    path: "operations/{id}",
    permission: "read",
    status: 200,
    summary: "Something that runs in this process, or did in the last minutes",
  }),
  defineRoute<Operation, Record<string, never>>({
    answer: ref("Operation"),
    body: NOTHING,
    handle: async ({ console: { operations }, params: { id = "" } }) => operations.stop(id),
    method: "POST",
    path: "operations/{id}/stop",
    permission: "operate",
    status: 202,
    summary: "End a run over the fleet before its next tenant",
  }),
];
