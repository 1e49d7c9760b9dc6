import type { AddressInfo } from "node:net";
import type { Server } from "node:http";
import type { RunningServer } from "./app.ts";

/** Starts a server on a free port. */
export async function listen(server: Server): Promise<RunningServer> {
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return running(server);
}

/** Describes a server that listens. */
export function running(server: Server): RunningServer {
  return {
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
    port: (server.address() as AddressInfo).port,
  };
}

/** What Elysia's adapter for Node has started. */
interface Started {
  readonly raw: { readonly node: { readonly server: Server }; ready(): Promise<unknown> };
}

/** Starts an application of Elysia on a free port. */
export async function listenElysia(app: { readonly listen: unknown }): Promise<RunningServer> {
  // Its own type follows every route.
  const elysia = app as { listen(options: object, callback: (started: Started) => void): void };
  const { raw } = await new Promise<Started>((resolve) => {
    elysia.listen({ gracefulShutdown: false, hostname: "127.0.0.1", port: 0 }, resolve);
  });
  await raw.ready();
  return running(raw.node.server);
}
