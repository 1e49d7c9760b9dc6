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
