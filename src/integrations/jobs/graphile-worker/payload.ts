import { type JobMark, unwrapPayload, type Unwrapped, wrapPayload } from "../common/mark.ts";

/**
 * Puts a mark into a payload. An array is a batch, whose elements the library may keep in part or add
 * to, so each has the mark.
 */
export function wrapTaskPayload(payload: unknown, mark: JobMark): unknown {
  if (Array.isArray(payload) && payload.length > 0) {
    return payload.map((element: unknown) => wrapPayload(element, mark));
  }
  return wrapPayload(payload ?? {}, mark);
}

/** Takes the mark out again. A batch with several has none that could be entered. */
export function unwrapTaskPayload(stored: unknown): Unwrapped {
  if (!Array.isArray(stored)) return unwrapPayload(stored);
  const elements = stored.map((element: unknown) => unwrapPayload(element));
  const [first] = elements;
  const text = JSON.stringify(first?.mark);
  // ISOLATION: elements of another tenant would run in that of the first. unit/integrations/jobs/payload.test.ts
  const isOne = elements.every(({ mark }) => JSON.stringify(mark) === text);
  return { mark: isOne ? first?.mark : null, payload: elements.map(({ payload }) => payload) };
}
