import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exampleNames, parseTenantName } from "../../../../src/cli/setup/names.ts";

describe("what a tenant is called", () => {
  it.each([
    ["Tenant", "Tenant", "tenants", "tenants"],
    ["customer account", "CustomerAccount", "customer_accounts", "customerAccounts"],
    ["Company", "Company", "companies", "companies"],
    ["Person", "Person", "people", "people"],
    ["Address", "Address", "addresses", "addresses"],
    ["HTTPClient", "HttpClient", "http_clients", "httpClients"],
    ["Area 51", "Area51", "area_51s", "area51s"],
    ["sheep", "Sheep", "sheep", "sheep"],
  ])("%s becomes the model %s and the table %s", (text, model, table, plural) => {
    expect(parseTenantName(text)).toMatchObject({ model, plural, table });
  });

  it.each(["Column", "tenant state"])("%j would hide what the models import", (text) => {
    expect(parseTenantName(text)).toContain("would hide something else of that name");
  });

  it.each(["", "  ", "51", "Müller", "a.b", "drop table", `${"long ".repeat(9)}name`, "Promise"])(
    "%j is refused, unless it can name a model",
    (text) => {
      const names = parseTenantName(text);
      expect(typeof names === "string" || names.model === "DropTable").toBe(true);
    },
  );

  const word = fc
    .stringMatching(/^[a-z][a-z0-9]{1,7}$/)
    .filter((text) => !["error", "date", "map", "set", "array", "function"].includes(text));
  const words = fc.array(word, { maxLength: 3, minLength: 1 });

  it("is the same in every style", () => {
    fc.assert(
      fc.property(words, (list) => {
        const names = parseTenantName(list.join(" "));
        const capital = list.map((text) => text.slice(0, 1).toUpperCase() + text.slice(1));
        expect(parseTenantName(list.join("_"))).toEqual(names);
        expect(parseTenantName(list.join("-"))).toEqual(names);
        expect(parseTenantName(` ${capital.join("  ")} `)).toEqual(names);
      }),
    );
  });

  it("is an identifier in every form, as far as it is taken at all", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          words.map((list) => list.join(" ")),
          fc.string(),
        ),
        (text) => {
          const names = parseTenantName(text);
          if (typeof names === "string") return;
          expect(names.model).toMatch(/^[A-Z][A-Za-z0-9]*$/);
          expect(names.variable).toMatch(/^[a-z][A-Za-z0-9]*$/);
          expect(names.plural).toMatch(/^[a-z][A-Za-z0-9]*$/);
          expect(names.table).toMatch(/^[a-z][a-z0-9_]*$/);
          expect(names.table.length).toBeLessThanOrEqual(63);
        },
      ),
    );
  });

  it("leaves its name to the example table only where that is free", () => {
    const exampleOf = (text: string): string => {
      const names = parseTenantName(text);
      return typeof names === "string" ? names : exampleNames(names).table;
    };
    expect(exampleOf("Tenant")).toBe("notes");
    expect(exampleOf("Note")).toBe("tasks");
  });
});
