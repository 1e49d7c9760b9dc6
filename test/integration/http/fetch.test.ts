import { AsyncLocalStorage } from "node:async_hooks";
import { beforeEach, describe, expect, it } from "vitest";
import { withTenant } from "../../../src/integrations/http/fetch/index.ts";
import { lazyWebStream } from "./support/app.ts";
import { createWorld, type World } from "./support/world.ts";

let world: World;

beforeEach(() => {
  world = createWorld();
});

const at = (slug: string, init?: RequestInit): Request =>
  new Request(`http://${slug}.example.com/path?q=1`, init);

describe("withTenant for Fetch handlers", () => {
  it("passes tenant and resolution, and what the runtime passes", async () => {
    const handler = withTenant<[{ params: { id: string } }]>(
      world.tenancy,
      (request, { resolution, tenant }, { params }) =>
        Response.json([request.method, tenant?.slug, resolution?.kind, params.id]),
    );
    const answer = await handler(at("odd", { method: "PUT" }), { params: { id: "7" } });
    expect(await answer.json()).toEqual(["PUT", "odd", "tenant", "7"]);
  });

  it("goes by the Host header where the URL has another host", async () => {
    const handler = withTenant(world.tenancy, () => new Response(world.scope()));
    const request = new Request("http://localhost:3000/", {
      headers: { host: "globex.example.com" },
    });
    expect(await (await handler(request)).text()).toBe("globex");
  });

  it("reads a stream in the scope wherever it is read, and keeps the reader's other contexts", async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: string[] = [];
    const handler = withTenant(world.tenancy, () =>
      storage.run("handler", () => new Response(lazyWebStream(world), { status: 202 })),
    );
    const response = await handler(at("odd"));
    expect(world.scope()).toBe("none");
    expect(response.status).toBe(202);
    const text = await storage.run("reader", async () => {
      const text = await response.text();
      seen.push(storage.getStore() ?? "");
      return text;
    });
    expect(text).toBe("odd;".repeat(4));
    expect(seen).toEqual(["reader"]);
  });

  it("cancels a stream in the scope, with the reason, and reads nothing ahead", async () => {
    let pulls = 0;
    const handler = withTenant(
      world.tenancy,
      () =>
        new Response(
          new ReadableStream<Uint8Array>(
            {
              cancel: (reason) => world.note(`cancelled because of ${reason}`),
              pull: (controller) => {
                pulls += 1;
                controller.enqueue(new Uint8Array([pulls]));
              },
            },
            { highWaterMark: 0 },
          ),
        ),
    );
    const response = await handler(at("odd"));
    expect(pulls).toBe(0);
    const reader = response.body?.getReader();
    expect((await reader?.read())?.value).toEqual(new Uint8Array([1]));
    expect(pulls).toBe(1);
    await reader?.cancel("boredom");
    expect(world.events).toEqual(["cancelled because of boredom:odd"]);
    await (await handler(at("globex"))).body?.cancel("haste");
    expect(world.events[1]).toBe("cancelled because of haste:globex");
  });

  it("passes on the error of a stream", async () => {
    const handler = withTenant(
      world.tenancy,
      () =>
        new Response(
          new ReadableStream({ pull: (controller) => controller.error(new Error("torn")) }),
        ),
    );
    await expect((await handler(at("odd"))).text()).rejects.toThrow("torn");
  });

  it("leaves responses without a body as they are, and adds the header to any", async () => {
    const given = new Response(null, { status: 204 });
    const plain = withTenant(world.tenancy, () => given);
    expect(await plain(at("odd"))).toBe(given);
    const options = { responseHeader: "x-tenant" };
    const redirect = withTenant(
      world.tenancy,
      () => Response.redirect("http://x.test/", 302),
      options,
    );
    const answer = await redirect(at("odd"));
    expect([answer.status, answer.headers.get("location"), answer.headers.get("x-tenant")]).toEqual(
      [302, "http://x.test/", "odd"],
    );
    const failed = withTenant(world.tenancy, () => Response.error(), options);
    expect((await failed(at("odd"))).type).toBe("error");
  });

  it("rewrites a request with its body, its headers and its signal", async () => {
    const abort = new AbortController();
    const handler = withTenant(world.tenancy, async (request) => {
      const body = await request.text();
      abort.abort();
      return Response.json([
        request.url,
        request.headers.get("x-own"),
        body,
        request.signal.aborted,
      ]);
    });
    const init = {
      body: new Blob(["body"]).stream(),
      duplex: "half",
      headers: { "x-own": "1" },
      method: "POST",
      signal: abort.signal,
    } satisfies RequestInit & { duplex: "half" };
    const answer = await handler(
      new Request("http://example.com:8080/t/globex/notes?page=2", init),
    );
    expect(await answer.json()).toEqual([
      "http://example.com:8080/notes?page=2",
      "1",
      "body",
      true,
    ]);
  });

  it("rejects with what resolving and the handler reject with", async () => {
    const handler = withTenant(world.tenancy, async () => Promise.reject(new Error("handler")));
    await expect(handler(at("broken"))).rejects.toThrow("the registry is broken");
    await expect(handler(at("odd"))).rejects.toThrow("handler");
  });
});
