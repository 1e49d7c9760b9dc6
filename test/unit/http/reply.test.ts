import { describe, expect, it } from "vitest";
import { renderRefusal } from "../../../src/integrations/http/common/reply.ts";
import { refusalFor } from "../../../src/integrations/http/common/status.ts";

const typeFor = (accept: string | undefined): string | undefined =>
  renderRefusal(refusalFor("unknown", undefined), accept, 30).headers["content-type"];

describe("rendering a refusal", () => {
  it.each([
    undefined,
    "",
    "*/*",
    "application/json",
    "application/problem+json",
    "application/*;q=0.5",
  ])("is JSON for Accept %j", (accept) => {
    expect(typeFor(accept)).toBe("application/json; charset=utf-8");
  });

  it.each([
    "text/plain",
    "text/html",
    "text/html,application/xhtml+xml,*/*;q=0.8",
    "TEXT/*;q=0.9, application/json;q=0.1",
    "application/json;q=0, text/plain;q=0.1",
  ])("is plain text for Accept %j", (accept) => {
    expect(typeFor(accept)).toBe("text/plain; charset=utf-8");
  });

  it.each(["text/plain;q=0.4, application/json;q=0.5", "text/html;q=x", "text/html;q=0"])(
    "is JSON where text is wanted less, as in %j",
    (accept) => {
      expect(typeFor(accept)).toBe("application/json; charset=utf-8");
    },
  );

  it("says when to come back only where that helps", () => {
    const retryAfter = (kind: "unavailable" | "suspended"): string | undefined =>
      renderRefusal(refusalFor(kind, undefined), "", 5).headers["retry-after"];
    expect([retryAfter("unavailable"), retryAfter("suspended")]).toEqual(["5", undefined]);
  });
});
