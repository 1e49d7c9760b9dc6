import { expect, it } from "vitest";
import {
  unwrapTaskPayload,
  wrapTaskPayload,
} from "../../../../src/integrations/jobs/graphile-worker/payload.ts";

const ACME = { tenant: "acme" };
const GLOBEX = { tenant: "globex" };

it("marks each element of a batch", () => {
  const stored = wrapTaskPayload([{ n: 1 }, 2, null], ACME);
  expect(stored).toHaveLength(3);
  expect(unwrapTaskPayload(stored)).toEqual({ mark: ACME, payload: [{ n: 1 }, 2, null] });
  expect(unwrapTaskPayload(wrapTaskPayload([], ACME))).toEqual({ mark: ACME, payload: [] });
  expect(unwrapTaskPayload(wrapTaskPayload(undefined, ACME))).toEqual({ mark: ACME, payload: {} });
});

it("finds no mark that could be entered in a batch of several", () => {
  const mixed = [...(wrapTaskPayload([1], ACME) as []), ...(wrapTaskPayload([2], GLOBEX) as [])];
  expect(unwrapTaskPayload(mixed).mark).toBeNull();
  expect(unwrapTaskPayload([...(wrapTaskPayload([1], ACME) as []), 2]).mark).toBeNull();
  expect(unwrapTaskPayload([1, 2]).mark).toBeUndefined();
});
