import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type NextTenancyOptions,
  onePerProcess,
  type TenantNext,
  tenantNext,
  tenantProxy,
  type UnstableCache,
} from "../../../src/integrations/http/next/index.ts";
import { createWorld, type World } from "../../integration/http/support/world.ts";

const HEADER = "x-kirayedar-target";

let world: World;
let incoming: Headers;

beforeEach(() => {
  world = createWorld();
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const from = (host: string, more: Record<string, string> = {}): Headers => {
  incoming = new Headers({ host, ...more });
  return incoming;
};
const wrappers = (options: Partial<NextTenancyOptions> = {}): TenantNext =>
  tenantNext(world.tenancy, { headers: () => Promise.resolve(incoming), ...options });
const error = (code: string): unknown => expect.objectContaining({ code });

/** What Next's own class does, as far as it can be seen here. */
const NextResponse = {
  next: ({ request }: { request: { headers: Headers } }): Passed => ({ ...request, to: undefined }),
  rewrite: (url: URL, { request }: { request: { headers: Headers } }): Passed => ({
    ...request,
    to: url.pathname + url.search,
  }),
};
interface Passed {
  readonly headers: Headers;
  readonly to: string | undefined;
}

function throughProxy(
  url: string,
  headers: Record<string, string> = {},
  options: { secret?: string; trustProxy?: boolean; skip?: (request: Request) => boolean } = {},
): Promise<Passed | Response> {
  const target = new URL(url);
  const request = new Request(url, { headers: { host: target.host, ...headers } });
  const nextUrl = Object.assign(target, { clone: () => new URL(target) });
  const proxy = tenantProxy<Passed>(world.tenancy, { NextResponse, ...options });
  return proxy(Object.assign(request, { nextUrl }));
}

async function headersOf(passed: Promise<Passed | Response>): Promise<Headers> {
  const { headers } = await passed;
  return headers;
}

describe("scoped functions", () => {
  it("run in the scope of the request's host, each in its own", async () => {
    const { scoped } = wrappers();
    const read = scoped(async (text: string) => {
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
      return `${text} ${world.scope()}`;
    });
    const slugs = ["acme", "globex", "t1", "odd"];
    const reads = slugs.map((slug) => {
      from(`${slug}.example.com`);
      return read("in");
    });
    expect(await Promise.all(reads)).toEqual(slugs.map((slug) => `in ${slug}`));
    expect(world.scope()).toBe("none");
  });

  it("await a lazy result inside", async () => {
    from("acme.example.com");
    // oxlint-disable-next-line unicorn/no-thenable -- as query builders are
    const lazy = { then: (resolve: (scope: string) => void) => resolve(world.scope()) };
    expect(await wrappers().scoped(() => lazy as unknown as Promise<string>)()).toBe("acme");
  });

  it("take the request's tenant even in a scope that is left over", async () => {
    from("acme.example.com");
    const { scoped } = wrappers();
    const other = { kind: "tenant", tenant: world.tenant("globex") } as const;
    expect(
      await world.context.run(
        other,
        scoped(() => world.scope()),
      ),
    ).toBe("acme");
  });

  it("are refused by an error that fits, or by Next's notFound", async () => {
    const { scoped } = wrappers();
    const call = (slug: string): Promise<string> => {
      from(`${slug}.example.com`);
      return scoped(() => world.scope())();
    };
    await expect(call("nobody")).rejects.toEqual(error("TENANT_REQUIRED"));
    await expect(call("suspended")).rejects.toEqual(error("TENANT_NOT_ACTIVE"));
    await expect(call("maintenance")).rejects.toMatchObject({ tenant: "maintenance" });
    await expect(call("conflict")).rejects.toEqual(error("TENANT_REQUIRED"));
    await expect(call("down")).rejects.toEqual(error("DATABASE_UNAVAILABLE"));
    await expect(call("broken")).rejects.toThrow("the registry is broken");
    expect(await call("admin")).toBe("global");
    const gone = new Error("not found");
    const notFound = (): never => {
      throw gone;
    };
    from("nobody.example.com");
    await expect(wrappers({ notFound }).scoped(() => 1)()).rejects.toBe(gone);
    const passing = wrappers({ onUnknown: "pass" });
    expect(await passing.scoped(() => world.scope())()).toBe("none");
  });
});

describe("server actions", () => {
  it("run for tenants alone", async () => {
    const { tenantAction } = wrappers({ onUnknown: "pass" });
    const action = tenantAction(async (text: string) => `${text} ${world.scope()}`);
    from("globex.example.com");
    expect(await action("in")).toBe("in globex");
    for (const slug of ["admin", "nobody"]) {
      from(`${slug}.example.com`);
      await expect(action("in")).rejects.toEqual(error("TENANT_REQUIRED"));
    }
  });
});

describe("route handlers", () => {
  it("get what Next passes them, and answers for those who are refused", async () => {
    const GET = wrappers({ retryAfterSeconds: 7 }).withTenant(
      async (_request, { params }: { params: Promise<{ id: string }> }) =>
        new Response(`${(await params).id} ${world.scope()}`),
    );
    const get = (slug: string): Promise<Response> => {
      const headers = from(`${slug}.example.com`);
      const params = Promise.resolve({ id: "7" });
      return GET(new Request("http://localhost:3000/notes", { headers }), { params });
    };
    expect(await (await get("acme")).text()).toBe("7 acme");
    expect((await get("nobody")).status).toBe(404);
    const waiting = await get("maintenance");
    expect([waiting.status, waiting.headers.get("retry-after")]).toEqual([503, "7"]);
    await expect(get("broken")).rejects.toThrow("the registry is broken");
  });

  it("never go by the URL, which has the server's own name, nor by a request without a host", async () => {
    const GET = wrappers().withTenant(() => new Response(world.scope()));
    const response = await GET(new Request("http://acme.example.com/notes"));
    expect(response.status).toBe(400);
  });
});

describe("X-Forwarded-Host", () => {
  it("counts only where it is trusted", async () => {
    const forwarded = { "x-forwarded-host": "globex.example.com" };
    from("acme.example.com", forwarded);
    expect(await wrappers().scoped(() => world.scope())()).toBe("acme");
    expect(await wrappers({ trustProxy: true }).scoped(() => world.scope())()).toBe("globex");
    from("acme.example.com", { "x-forwarded-host": "globex.example.com, t1.example.com" });
    const several = wrappers({ trustProxy: true }).scoped(() => 1)();
    await expect(several).rejects.toEqual(error("TENANT_REQUIRED"));
  });
});

describe("proxy.ts", () => {
  it("takes off a prefix, and hands on the path as it was asked for", async () => {
    const passed = await throughProxy("http://example.com/t/globex/notes?x=1");
    expect(passed).toMatchObject({ to: "/notes?x=1" });
    incoming = passed.headers;
    expect(await wrappers().scoped(() => world.scope())()).toBe("globex");
    expect(await throughProxy("http://acme.example.com/notes")).toMatchObject({ to: undefined });
  });

  it("answers in place of the application where there is no tenant", async () => {
    const answer = await throughProxy("http://nobody.example.com/");
    expect(answer).toBeInstanceOf(Response);
    expect((answer as Response).status).toBe(404);
  });

  it("takes its header off what comes from outside, also of what it skips", async () => {
    const spoofed = { [HEADER]: "spoofed" };
    const headers = await headersOf(throughProxy("http://acme.example.com/", spoofed));
    expect(headers.get(HEADER)).not.toBe("spoofed");
    const skip = (): boolean => true;
    const skipped = await headersOf(throughProxy("http://x.test/", spoofed, { skip }));
    expect(skipped.get(HEADER)).toBeNull();
  });

  it("is believed for the host that it has seen, and only with its signature", async () => {
    const { scoped } = wrappers();
    const call = scoped(() => world.scope());
    const signed =
      (await headersOf(throughProxy("http://example.com/t/globex/x"))).get(HEADER) ?? "";
    const [target = "", signature = ""] = signed.split(".");
    const other = Buffer.from("/t/acme/x").toString("base64url");
    from("example.com", { [HEADER]: signed });
    expect(await call()).toBe("globex");
    const wrong = [
      `${other}.${signature}`,
      target,
      `${signed}.`,
      `${target}.`,
      "",
      "a.b.c",
      `${target}.x`,
    ];
    for (const value of wrong) {
      from("example.com", { [HEADER]: value });
      await expect(call()).rejects.toEqual(error("TENANT_REQUIRED"));
    }
    // Sent along with another host it says nothing.
    from("acme.example.com", { [HEADER]: signed });
    await expect(call()).rejects.toEqual(error("TENANT_REQUIRED"));
    expect(world.log.at(-1)).toMatchObject({ level: "warn" });
  });

  it("is believed for the host that counts, where a proxy names it", async () => {
    const forwarded = (host: string): Record<string, string> => ({ "x-forwarded-host": host });
    const secret = "s".repeat(32);
    const options = { secret, trustProxy: true };
    const passed = throughProxy("http://inside/t/globex/x", forwarded("example.com"), options);
    const signed = (await headersOf(passed)).get(HEADER) ?? "";
    const call = wrappers(options).scoped(() => world.scope());
    from("inside", { ...forwarded("example.com"), [HEADER]: signed });
    expect(await call()).toBe("globex");
    from("inside", { ...forwarded("acme.example.com"), [HEADER]: signed });
    await expect(call()).rejects.toEqual(error("TENANT_REQUIRED"));
  });

  it("needs the same secret in another process", async () => {
    const secret = "s".repeat(32);
    incoming = await headersOf(throughProxy("http://example.com/t/acme/", {}, { secret }));
    const call = (options: Partial<NextTenancyOptions>): Promise<string> =>
      wrappers(options).scoped(() => world.scope())();
    expect(await call({ secret })).toBe("acme");
    await expect(call({})).rejects.toEqual(error("TENANT_REQUIRED"));
    await expect(call({ secret: "t".repeat(32) })).rejects.toEqual(error("TENANT_REQUIRED"));
  });
});

describe("cached functions", () => {
  const store = new Map<string, unknown>();
  const tags: string[][] = [];
  const unstable_cache: UnstableCache =
    (fn, keyParts = [], options) =>
    async (...args) => {
      const key = `${fn.toString()}-${keyParts.join(",")}-${JSON.stringify(args)}`;
      tags.push(options?.tags ?? []);
      if (!store.has(key)) store.set(key, await fn(...args));
      return store.get(key) as Awaited<ReturnType<typeof fn>>;
    };

  it("have the tenant in their key and in their tags", async () => {
    const { cached } = wrappers({ unstable_cache });
    const read = cached(async (text: string) => `${text} ${world.scope()}`, ["read"], {
      revalidate: 60,
      tags: ["notes"],
    });
    const call = (slug: string, text: string): Promise<string> => {
      from(`${slug}.example.com`);
      return read(text);
    };
    expect(await call("acme", "a")).toBe("a acme");
    expect(await call("globex", "a")).toBe("a globex");
    expect(await call("admin", "a")).toBe("a global");
    expect(await call("acme", "a")).toBe("a acme");
    expect(store.size).toBe(3);
    expect(tags[0]).toEqual(["notes", `notes:${world.tenant("acme").id}`]);
  });

  it("have the function and each part of the key in it, as they are", async () => {
    from("acme.example.com");
    const { cached } = wrappers({ unstable_cache });
    const values = [
      cached(async () => "one", []),
      cached(async () => "two", []),
      ...[["a,b"], ["a", "b"]].map((parts) => cached(async () => parts.join("+"), parts)),
    ];
    const read = await Promise.all(values.map(async (value) => await value()));
    expect(read).toEqual(["one", "two", "a,b", "a+b"]);
  });

  it("are refused without Next's cache, and in no scope", async () => {
    const invalid = error("INVALID_CONFIG") as Error;
    expect(() => wrappers().cached(async () => 1, ["x"])).toThrow(invalid);
    from("nobody.example.com");
    const read = wrappers({ onUnknown: "pass", unstable_cache }).cached(async () => 1, ["x"]);
    await expect(read()).rejects.toEqual(error("TENANT_REQUIRED"));
  });
});

describe("what is wrong", () => {
  it("is refused at start", () => {
    const invalid = error("INVALID_CONFIG") as Error;
    const wrong: Record<string, unknown>[] = [
      { headers: undefined },
      { trustProxy: ["10.0.0.0/8"] },
      { onUnknown: "ignore" },
      { retryAfterSeconds: -1 },
      { secret: "short" },
    ];
    for (const options of wrong) expect(() => wrappers(options)).toThrow(invalid);
    const proxy = (options: object): unknown =>
      tenantProxy(world.tenancy, { NextResponse, ...options });
    expect(() => proxy({ NextResponse: undefined })).toThrow(invalid);
    expect(() => proxy({ trustProxy: "loopback" })).toThrow(invalid);
    expect(() => proxy({ skip: "/health" })).toThrow(invalid);
  });

  it("is refused in the edge runtime", () => {
    vi.stubEnv("NEXT_RUNTIME", "edge");
    const invalid = error("INVALID_CONFIG") as Error;
    expect(() => wrappers()).toThrow(invalid);
    expect(() => tenantProxy(world.tenancy, { NextResponse })).toThrow(invalid);
    expect(() => onePerProcess("edge", () => 1)).toThrow(invalid);
  });

  it("is refused with a version whose headers come at once", async () => {
    const old = wrappers({ headers: (() => from("acme.example.com")) as never });
    await expect(old.scoped(() => 1)()).rejects.toEqual(error("UNSUPPORTED_PEER"));
  });
});

describe("one per process", () => {
  it("makes a thing once, also an undefined one", () => {
    const make = vi.fn<() => undefined>(() => undefined);
    onePerProcess("nothing", make);
    onePerProcess("nothing", make);
    expect(make).toHaveBeenCalledTimes(1);
    expect(onePerProcess("thing", () => 1)).toBe(onePerProcess("thing", () => 2));
  });

  it("tries again after a failure", () => {
    const fail = (): never => {
      throw new Error("no");
    };
    expect(() => onePerProcess("failing", fail)).toThrow("no");
    expect(onePerProcess("failing", () => 1)).toBe(1);
  });
});
