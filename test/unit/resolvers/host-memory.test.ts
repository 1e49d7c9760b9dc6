import { describe, expect, it } from "vitest";
import { header } from "../../../src/resolvers/header.ts";
import { host } from "../../../src/resolvers/host.ts";
import { createResolving, makeTenant } from "./resolving.ts";

const acme = { host: "ACME.example.com:4000" };

describe("a host that was resolved", () => {
  it("is answered at once, with the same frozen object, and looks nothing up", async () => {
    const { asked, resolve } = createResolving({ isAsync: true });
    const first = await resolve(acme);
    const before = asked.length;
    expect(resolve(acme)).toBe(first);
    expect(Object.isFrozen(first)).toBe(true);
    expect(asked).toHaveLength(before);
  });

  it("is forgotten when the registry forgets anything", async () => {
    const { registry, resolve, tenants } = createResolving();
    await resolve(acme);
    tenants.set("acme", makeTenant("acme", "suspended"));
    expect(resolve(acme)).toMatchObject({ kind: "tenant" });
    registry.epoch++;
    expect(resolve(acme)).toMatchObject({ kind: "suspended" });
  });

  it("is forgotten when the registry does not remember what it was resolved by", () => {
    const { clock, registry, resolve, tenants } = createResolving();
    registry.ttlMs = 5000;
    void resolve(acme);
    tenants.delete("acme");
    clock.time += 4999;
    expect(resolve(acme)).toMatchObject({ kind: "tenant" });
    clock.time += 1;
    expect(resolve(acme)).toMatchObject({ kind: "unknown" });
  });

  it("is not remembered when the registry forgot something meanwhile", async () => {
    const { registry, resolve, tenants } = createResolving({ isAsync: true });
    const pending = resolve(acme);
    registry.epoch++;
    tenants.delete("acme");
    expect(await pending).toMatchObject({ kind: "tenant" });
    expect(await resolve(acme)).toMatchObject({ kind: "unknown" });
  });

  it("outlives a flood of hosts that are nobody's", () => {
    const { asked, resolve } = createResolving({ maxEntries: 3 });
    void resolve(acme);
    for (let index = 0; index < 100; index++) void resolve({ host: `n${index}.example.com` });
    for (let index = 0; index < 100; index++) void resolve({ host: `${index} bad` });
    const before = asked.length;
    expect(resolve(acme)).toMatchObject({ kind: "tenant" });
    expect(asked).toHaveLength(before);
  });

  it("is looked at again when something else has a say", () => {
    const { resolve } = createResolving({ resolvers: [host(), header("x-tenant")] });
    expect(resolve(acme)).toMatchObject({ kind: "tenant" });
    const headers = { "x-tenant": "globex" };
    expect(resolve({ ...acme, headers })).toMatchObject({ kind: "conflict" });
  });
});
