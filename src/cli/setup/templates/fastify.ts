import { ENTRY_PATTERNS } from "../find-entry.ts";
import { insertBehind } from "./insert-behind.ts";
import type { Mount } from "./mount.ts";

/** Fastify: a plugin, which has to be waited for, before the routes. */
export const fastify: Mount = {
  byHand: () => "await app.register(tenantPlugin, { tenancy });",
  imports: [{ from: "kirayedar/fastify", names: ["tenantPlugin"] }],
  insert: (text, { facts }) =>
    insertBehind(text, ENTRY_PATTERNS.fastify ?? /$^/, ({ indent, name }) => {
      // In a function it would have to be known whether that is asynchronous.
      const canWait = indent === "" && facts.language.isModule;
      return canWait ? `await ${name}.register(tenantPlugin, { tenancy })` : undefined;
    }),
  where: "behind the line that makes your application, before its routes",
};
