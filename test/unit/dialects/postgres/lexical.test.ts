import { describe, expect, it } from "vitest";
import { withoutComments } from "../../../../src/dialects/postgres/lexical.ts";

describe("a text without its comments", () => {
  it.each([
    ["select 1", "select 1"],
    ["-- a\nselect 1 -- b", " select 1  "],
    ["-- a\rselect 1", " select 1"],
    ["/* a /* b */ c */select/**/1", " select 1"],
    ["select '--', \"/*\", 'it''s -- not' -- is", "select '--', \"/*\", 'it''s -- not'  "],
    [String.raw`select E'\' -- ', 1`, String.raw`select E'\' -- ', 1`],
    [String.raw`select '\' -- '`, String.raw`select '\'  `],
    ["do $a$ begin -- b\n x; end $a$ -- c", "do $a$ begin   x; end $a$  "],
    ["select $1 -- a", "select $1  "],
    ["select $$it's$$ /* a */, 1", "select $$it's$$  , 1"],
    ["select '-- open", "select '-- open"],
    ["select $$ -- open", "select $$ -- open"],
    ["select a$b$ -- c$b$", "select a$b$  "],
    ["select note'-- a'", "select note'-- a'"],
    ["select 1 - 2 / 3 * 4", "select 1 - 2 / 3 * 4"],
  ])("%j", (text, bare) => {
    expect(withoutComments(text)).toBe(bare);
  });
});
