import { describe, expect, it } from "vitest";
import type { Resolution, Resolver } from "../../../src/core/resolution.ts";
import { header } from "../../../src/resolvers/header.ts";
import { host } from "../../../src/resolvers/host.ts";
import { pathPrefix } from "../../../src/resolvers/path.ts";
import { value } from "../../../src/resolvers/value.ts";
import { createResolving } from "./resolving.ts";

/** What a resolution says, in short. */
const brief = (resolution: Resolution): unknown =>
  "tenant" in resolution ? `${resolution.kind} ${resolution.tenant.slug}` : resolution.kind;

describe.each([false, true])("resolve, with a registry that is asynchronous: %s", (isAsync) => {
  it.each([
    ["admin.example.com", "global"],
    ["admin.example.com:4000", "global"],
    ["acme.example.com", "tenant acme"],
    ["acme.example.com:4000", "tenant acme"],
    ["acme.example.com.", "tenant acme"],
    ["ACME.EXAMPLE.COM", "tenant acme"],
    ["acme.test", "tenant acme"],
    ["taken.example.com", "tenant globex"],
    ["api.acme.example.com", "unknown"],
    ["example.com", "unknown"],
    ["nobody.example.com", "unknown"],
    ["foreign.test", "unknown"],
    ["acme.foreign.test", "unknown"],
    ["localhost", "unknown"],
    ["localhost:4000", "unknown"],
    ["127.0.0.1", "unknown"],
    ["[::1]", "unknown"],
    ["suspended.example.com", "suspended suspended"],
    ["archived.example.com", "suspended archived"],
    ["maintenance.example.com", "maintenance maintenance"],
    ["renaming.example.com", "maintenance renaming"],
    ["provisioning.example.com", "provisioning provisioning"],
    ["failed.example.com", "provisioning failed"],
    ["dropping.example.com", "unknown"],
    ["ⓐcme.example.com", "invalid"],
    ["", "invalid"],
  ])("answers %j with %j", async (raw, expected) => {
    expect(brief(await createResolving({ isAsync }).resolve({ host: raw }))).toBe(expected);
  });

  it("answers a request without a host, or with several, with invalid", async () => {
    const { resolve } = createResolving({ isAsync });
    expect(brief(await resolve({}))).toBe("invalid");
    const hosts = ["acme.example.com", "acme.example.com"];
    expect(brief(await resolve({ host: hosts }))).toBe("invalid");
  });

  it("tries the first label of a foreign host if told to", async () => {
    const { resolve } = createResolving({ isAsync, slugFallback: true });
    expect(brief(await resolve({ host: "acme.foreign.test" }))).toBe("tenant acme");
    expect(brief(await resolve({ host: "nobody.test" }))).toBe("unknown");
    expect(brief(await resolve({ host: "acme.nested.example.com" }))).toBe("unknown");
  });

  it("finds an underscore by a hyphen, which is all that a browser sends", async () => {
    const { resolve, tenants } = createResolving({ isAsync });
    const acme = tenants.get("acme");
    if (acme) tenants.set("acme_corp", { ...acme, slug: "acme_corp" });
    expect(brief(await resolve({ host: "acme-corp.example.com" }))).toBe("tenant acme_corp");
  });

  it.each(["public", "pg_catalog", "pg-catalog", "information_schema", "www", "api", "-a", "a-"])(
    "never looks the label %s up as a slug",
    async (label) => {
      const { asked, resolve } = createResolving({ isAsync });
      expect(await resolve({ host: `${label}.example.com` })).toEqual({
        kind: "unknown",
        name: label,
      });
      expect(asked).toEqual([`${label}.example.com`]);
    },
  );

  it.each(["public", "pg_catalog", "Acme", "acme ", "%61cme", "' or 1=1 --", "x".repeat(60)])(
    "never looks %j from a header up",
    async (name) => {
      const { asked, resolve } = createResolving({ isAsync, resolvers: [value(() => name)] });
      expect(brief(await resolve({}))).toBe("unknown");
      expect(asked).toEqual([]);
    },
  );
});

describe("a chain", () => {
  const named = (by: string): Resolver => header(`x-${by}`);
  const resolvers = [named("one"), named("two"), value(({ raw }) => raw as null, "session")];
  const chain = (one?: string, two?: string, raw?: unknown): Promise<Resolution> =>
    Promise.resolve(
      createResolving({ isAsync: true, resolvers }).resolve({
        headers: { "x-one": one, "x-two": two },
        raw,
      }),
    );

  it("agrees when all that have an opinion name the same tenant, by whatever name", async () => {
    expect(brief(await chain("acme"))).toBe("tenant acme");
    expect(brief(await chain(undefined, "acme"))).toBe("tenant acme");
    expect(brief(await chain("acme", "acme", { id: "id-acme" }))).toBe("tenant acme");
  });

  it("is in conflict when two name different tenants, also inactive ones", async () => {
    const conflict = { kind: "conflict", names: ["acme", "globex"] };
    expect(await chain("acme", "globex")).toEqual(conflict);
    expect(await chain("acme", undefined, { id: "id-globex" })).toEqual(conflict);
    expect(brief(await chain("acme", "suspended"))).toBe("conflict");
    expect(brief(await chain("suspended", "archived"))).toBe("conflict");
  });

  it("knows nobody when one of the names is nobody's", async () => {
    expect(await chain("acme", "nobody")).toEqual({ kind: "unknown", name: "nobody" });
    expect(await chain("nobody", "acme")).toEqual({ kind: "unknown", name: "nobody" });
    expect(brief(await chain("acme", "public"))).toBe("unknown");
    expect(brief(await chain("acme", undefined, { id: "nobody" }))).toBe("unknown");
    expect(brief(await chain("acme", "globex", { id: "nobody" }))).toBe("unknown");
  });

  it("knows nobody when nobody is named", async () => {
    expect(await chain()).toEqual({ kind: "unknown" });
  });

  it("is malformed when one part is, and then looks nothing up", async () => {
    const { asked, resolve } = createResolving({ resolvers });
    const headers = { "x-one": "acme", "x-two": ["acme", "globex"] };
    expect(brief(await resolve({ headers }))).toBe("invalid");
    expect(asked).toEqual([]);
  });

  it("with the host in it does not let a header turn the admin host into a tenant", async () => {
    const { resolve } = createResolving({ resolvers: [host(), named("one")] });
    const headers = { "x-one": "acme" };
    expect(await resolve({ headers, host: "admin.example.com" })).toEqual({
      kind: "conflict",
      names: ["global", "acme"],
    });
    expect(brief(await resolve({ headers, host: "globex.example.com" }))).toBe("conflict");
    expect(brief(await resolve({ headers, host: "example.com" }))).toBe("tenant acme");
    expect(brief(await resolve({ headers }))).toBe("invalid");
  });

  it("hands on the URL without the prefix that named the tenant", async () => {
    const { resolve } = createResolving({ resolvers: [host(), pathPrefix("/t")] });
    const resolution = await resolve({ host: "acme.example.com", url: "/t/acme/notes?page=2" });
    expect(resolution).toMatchObject({ kind: "tenant", strippedUrl: "/notes?page=2" });
    const plain = await resolve({ host: "acme.example.com", url: "/notes" });
    expect(plain).not.toHaveProperty("strippedUrl");
  });

  it("cuts what it repeats of a long name", async () => {
    const resolution = await chain("x".repeat(5000));
    expect(resolution.kind === "unknown" && resolution.name?.length).toBe(81);
  });

  it("rejects with what the application's own resolver throws, and with nothing else", async () => {
    const failing = value(() => {
      throw new Error("session store down");
    });
    const late = value(() => Promise.reject(new Error("too late")));
    const { resolve } = createResolving({ resolvers: [late, failing] });
    await expect(Promise.resolve(resolve({}))).rejects.toThrow(/too late|session store down/);
  });
});
