import { describe, expect, it } from "vitest";
import { checkFleetOptions, parseFailureLimit } from "../../../src/tenancy/fleet-options.ts";

const refused = { code: "INVALID_QUERY", isTenancyError: true };

describe("how many tenants may fail", () => {
  it.each([
    [undefined, undefined],
    [0, { count: 0 }],
    [3, { count: 3 }],
    ["0%", { percent: 0 }],
    ["5%", { percent: 5 }],
    ["2.5%", { percent: 2.5 }],
    ["100%", { percent: 100 }],
  ] as const)("is read from %j", (given, expected) => {
    expect(parseFailureLimit(given)).toEqual(expected);
  });

  it.each([
    -1,
    1.5,
    Number.NaN,
    Infinity,
    "5",
    "%",
    "101%",
    "-1%",
    "5 %",
    "1e1%",
    "",
    "5%%",
    null,
    {},
    [5],
  ])("is refused from %j", (given) => {
    expect(() => parseFailureLimit(given as never)).toThrow(expect.objectContaining(refused));
  });
});

describe("the options of a run", () => {
  it.each([
    {},
    { concurrency: 1 },
    { concurrency: 1_000 },
    { perSecond: 0.1 },
    { perSecond: 1_000_000 },
    { maxFailures: "5%" },
    { onProgress: () => undefined },
    { signal: new AbortController().signal },
  ] as const)("are taken: %j", (options) => {
    expect(() => checkFleetOptions(options)).not.toThrow();
  });

  it.each([
    { concurrency: 0 },
    { concurrency: 2.5 },
    { concurrency: 1_001 },
    { concurrency: "4" },
    { perSecond: 0 },
    { perSecond: -1 },
    { perSecond: Number.NaN },
    { perSecond: Infinity },
    { perSecond: "10" },
    { maxFailures: "many" },
    { onProgress: "yes" },
    { signal: {} },
    { signal: null },
  ])("are refused: %j", (options) => {
    expect(() => checkFleetOptions(options as object)).toThrow(expect.objectContaining(refused));
  });
});
