import http from "node:http";
import type { AddressInfo } from "node:net";
import DataLoader from "dataloader";
import express from "express";
import type * as Yoga from "graphql-yoga";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { tenantLoaders } from "../../../src/integrations/api/graphql/index.ts";
import { tenantMiddleware } from "../../../src/integrations/http/express/index.ts";
import { withTenant as withFetch } from "../../../src/integrations/http/fetch/index.ts";
import { withTenant } from "../../../src/integrations/http/node/index.ts";
import { type Answer, send } from "../http/support/client.ts";
import { type PgTestPool, openTenancy } from "../http/support/open-tenancy.ts";
import { describePeers } from "../../support/peers.ts";

const SLUGS = ["acme", "globex"];
const TYPES = /* GraphQL */ `
  type Query {
    notes: [Note!]!
  }
  type Mutation {
    publish: Boolean
  }
  type Subscription {
    ticks: String!
    published: Note!
  }
  type Note {
    body: String!
    again: String
    scope: String!
  }
`;

/** Returns the three fields of the note in an answer; their order differs between versions. */
function noteIn(body: string): string {
  const [, note = "{}"] = /(\{[^{}]*\})/.exec(body) ?? [];
  const { again, body: text, scope } = JSON.parse(note) as Record<string, string>;
  return `${text} ${again} ${scope}`;
}

describePeers("GraphQL", "graphql-yoga", (peers) => {
  let tenancy: Tenancy<PgTestPool>;
  let drop: () => Promise<void>;
  // oxlint-disable-next-line typescript/no-explicit-any -- the context is made by the server itself
  let yoga: Yoga.YogaServerInstance<object, any>;
  const open: http.Server[] = [];

  beforeAll(async () => {
    ({ drop, tenancy } = await openTenancy());
    for (const slug of SLUGS) {
      await tenancy.create(slug);
      const insert = "insert into note (body) values ($1)";
      await tenancy.withTenant(slug, () => tenancy.pool.query(insert, [slug]));
    }
    yoga = makeYoga(await peers.load<typeof Yoga>("graphql-yoga"));
  });
  afterEach(() => {
    for (const server of open.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });
  afterAll(async () => {
    await tenancy.close();
    await drop();
  });

  const slug = (): string => tenancy.currentTenant()?.slug ?? "none";
  async function bodies(): Promise<string[]> {
    const { rows } = await tenancy.pool.query<{ body: string }>("select body from note");
    return rows.map(({ body }) => body);
  }

  function makeYoga({ createPubSub, createSchema, createYoga }: typeof Yoga): typeof yoga {
    const loaders = tenantLoaders(tenancy, () => ({
      again: new DataLoader(async (keys: readonly string[]) => {
        const found = await bodies();
        return keys.map((key) => found.find((body) => body === key));
      }),
    }));
    type Context = { loaders: ReturnType<typeof loaders> };
    const pubSub = createPubSub<Record<string, [string]>>();
    const schema = createSchema<Context>({
      resolvers: {
        Mutation: {
          publish: () => {
            pubSub.publish(tenancy.key("published"), slug());
            return true;
          },
        },
        Note: {
          again: ({ body }: { body: string }, _, { loaders }) => loaders.again.load(body),
          scope: slug,
        },
        Query: { notes: async () => (await bodies()).map((body) => ({ body })) },
        Subscription: {
          published: {
            resolve: (body: string) => ({ body }),
            subscribe: () => pubSub.subscribe(tenancy.key("published")),
          },
          ticks: {
            subscribe: async function* subscribe() {
              for (let n = 0; n < 3; n += 1) {
                await new Promise((resolve) => setTimeout(resolve, 2));
                yield { ticks: `${slug()} ${(await bodies()).join()}` };
              }
            },
          },
        },
      },
      typeDefs: TYPES,
    });
    return createYoga({
      context: () => ({ loaders: loaders() }),
      logging: false,
      schema,
    });
  }

  async function listen(server: http.Server): Promise<number> {
    open.push(server);
    await tenancy.withTenant("globex", async () => {
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    });
    return (server.address() as AddressInfo).port;
  }

  const SERVERS: Record<string, () => Promise<number>> = {
    express: () => {
      const app = express();
      app.use(tenantMiddleware(tenancy));
      app.use("/graphql", (request, response) => void yoga(request, response));
      return listen(http.createServer(app));
    },
    fetch: () => {
      const handle = withFetch(tenancy, (request) => yoga.fetch(request));
      const serve = async (request: http.IncomingMessage, response: http.ServerResponse) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const answer = await handle(
          new Request(`http://${request.headers.host}${request.url}`, {
            body: Buffer.concat(chunks),
            headers: request.headers as Record<string, string>,
            method: "POST",
          }),
        );
        response.writeHead(answer.status);
        for await (const chunk of answer.body ?? []) response.write(chunk);
        response.end();
      };
      return listen(http.createServer((request, response) => void serve(request, response)));
    },
    "node:http": () =>
      listen(
        http.createServer(withTenant(tenancy, (request, response) => yoga(request, response))),
      ),
  };

  const ask = (port: number, slug: string, query: string, accept?: string): Promise<Answer> =>
    send(port, "/graphql", {
      body: JSON.stringify({ query }),
      headers: { accept: accept ?? "application/json", "content-type": "application/json" },
      host: `${slug}.example.com`,
      method: "POST",
    });

  it.each(Object.keys(SERVERS))(
    "resolves in the scope of the request's tenant: %s",
    async (name) => {
      const port = await SERVERS[name]!();
      const answers = await Promise.all(
        Array.from({ length: 60 }, async (_, job) => {
          const own = SLUGS[job % 2]!;
          const { body } = await ask(port, own, "{ notes { body again scope } }");
          return `${own} ${noteIn(body)}`;
        }),
      );
      expect(new Set(answers)).toEqual(
        new Set(SLUGS.map((slug) => `${slug} ${slug} ${slug} ${slug}`)),
      );
      expect((await ask(port, "nobody", "{ notes { body } }")).status).toBe(404);
    },
  );

  it.each(Object.keys(SERVERS))("keeps the scope of subscriptions: %s", async (name) => {
    const port = await SERVERS[name]!();
    const answers = SLUGS.map((slug) =>
      ask(port, slug, "subscription { ticks }", "text/event-stream"),
    );
    for (const [n, { body }] of (await Promise.all(answers)).entries()) {
      const slug = SLUGS[n]!;
      const ticks = [...body.matchAll(/"ticks":"([^"]*)"/g)].map(([, tick]) => tick);
      expect(ticks).toEqual(Array(3).fill(`${slug} ${slug}`));
    }
  });

  it("tells subscribers what their own tenant has published, in their own scope", async () => {
    const port = await SERVERS["node:http"]!();
    const heard: string[] = [];
    const subscribe = (slug: string): http.ClientRequest => {
      const headers = {
        accept: "text/event-stream",
        "content-type": "application/json",
        host: `${slug}.example.com`,
      };
      const request = http.request(
        { headers, host: "127.0.0.1", method: "POST", path: "/graphql", port },
        (response) => {
          response.on("error", () => undefined);
          response.on("data", (chunk: Buffer) => {
            for (const [data] of chunk.toString().matchAll(/\{.*\}/g))
              heard.push(`${slug} ${noteIn(data)}`);
          });
        },
      );
      request.on("error", () => undefined);
      const query = "subscription { published { body again scope } }";
      request.end(JSON.stringify({ query }));
      return request;
    };
    const subscribers = SLUGS.map(subscribe);
    for (let tries = 0; tries < 200 && new Set(heard).size < 2; tries += 1) {
      await Promise.all(SLUGS.map((slug) => ask(port, slug, "mutation { publish }")));
    }
    for (const subscriber of subscribers) subscriber.destroy();
    expect(new Set(heard)).toEqual(new Set(["acme acme acme acme", "globex globex globex globex"]));
  });
});
