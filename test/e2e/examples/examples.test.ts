import { readdirSync, existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createTestDatabase } from "../../support/database.ts";
import { askAt, startExample } from "./start-example.ts";

const root = fileURLToPath(new URL("../../../examples/", import.meta.url));

/** The folders that keep to the contract in examples/README.md; the demo has tests of its own. */
const examples = readdirSync(root).filter(
  (name) => name !== "demo" && existsSync(`${root}${name}/main.ts`),
);

describe("the examples", () => {
  it.each(examples)("%s keeps two tenants apart", { timeout: 180_000 }, async (name) => {
    const database = await createTestDatabase();
    const example = await startExample(`${root}${name}`, database.url);
    try {
      const ask = askAt(example.port);
      const before = await ask("globex.localhost", "/notes");
      const made = await ask("acme.localhost", "/notes", { text: "for Acme alone" });
      expect(made.status).toBe(201);
      expect(made.body).toMatchObject({ text: "for Acme alone" });
      const acme = await ask("acme.localhost", "/notes");
      expect(acme.body).toEqual(
        expect.arrayContaining([expect.objectContaining({ text: "for Acme alone" })]),
      );
      expect(await ask("globex.localhost", "/notes")).toEqual(before);
      expect((await ask("nobody.localhost", "/notes")).status).toBe(404);
      expect(await example.stop()).toBe(0);
    } finally {
      await example.stop();
      await database.drop();
    }
  });
});
