import { InvalidArgumentError } from "commander";
import { expect, it } from "vitest";
import {
  assignment,
  failureLimit,
  positiveInteger,
  rate,
  states,
  words,
} from "../../../src/cli/option-parsers.ts";

it.each(["0", "-1", "1.5", "1e3", "", " 2", "x", "1001"])("refuses %j as a page size", (text) => {
  expect(() => positiveInteger(1000)(text)).toThrow(InvalidArgumentError);
});

it("takes whole numbers", () => {
  expect(positiveInteger()("42")).toBe(42);
});

it("takes a number, or a share, of failures", () => {
  expect(["0", "12", "5%", "2.5%", "100%"].map(failureLimit)).toEqual([
    0,
    12,
    "5%",
    "2.5%",
    "100%",
  ]);
  for (const text of ["", "-1", "1.5", "%", "101%", "5 %", "5%%", "x", "1e3"]) {
    expect(() => failureLimit(text)).toThrow(InvalidArgumentError);
  }
});

it("takes a rate above 0", () => {
  expect(["1", "0.5", "200"].map(rate)).toEqual([1, 0.5, 200]);
  for (const text of ["", "0", "0.0", "-1", "1e3", "Infinity", "1000001"]) {
    expect(() => rate(text)).toThrow(InvalidArgumentError);
  }
});

it("collects states from commas and repetitions, and refuses others", () => {
  expect(states("failed", states("active,suspended"))).toEqual(["active", "suspended", "failed"]);
  expect(() => states("pending")).toThrow(/Allowed are provisioning/);
});

it("collects words from commas and repetitions", () => {
  expect(words("c", words("a, b"))).toEqual(["a", "b", "c"]);
  expect(() => words("a,,b")).toThrow(InvalidArgumentError);
});

it("splits an assignment at its first equals sign", () => {
  expect(assignment("note=a=b", assignment("plan=free"))).toEqual({ note: "a=b", plan: "free" });
  expect(assignment("plan=")).toEqual({ plan: "" });
  expect(() => assignment("=free")).toThrow(InvalidArgumentError);
});
