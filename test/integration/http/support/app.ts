import { Readable } from "node:stream";
import { setImmediate as tick, setTimeout as sleep } from "node:timers/promises";
import type { World } from "./world.ts";

/** Options that mean the same in every framework. */
export interface CommonOptions {
  readonly onUnknown?: "respond" | "pass";
  readonly trustProxy?: boolean | readonly string[] | ((address: string | undefined) => boolean);
  readonly responseHeader?: string;
  readonly retryAfterSeconds?: number;
  readonly assignKey?: string;
  /** Whether suspended tenants get 402 from a handler of the application's own. */
  readonly isSuspendedHandled?: boolean;
}

export interface RunningServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Starts the same small application in some framework:
 *
 * - `GET /whoami`: what the application sees (`whoAmI`)
 * - `POST /body`: the body as read through listeners or a parser, and the scope around it
 * - `GET /stream`, `GET /web-stream`: `lazyStream`, `lazyWebStream`
 * - `GET /sse`: events from timers
 * - `GET /throw`: an error whose handler answers 500 with the scope it runs in
 * - `GET /finish`: notes `finish` and `close` of the response
 * - `GET /hang`: notes `aborted` when the client goes away
 * - `GET /put`: changes the scope to `globex`, then as `/finish`
 * - `GET /tenant-only`, `GET /global-only`: behind guards
 * - `GET /health`: skipped
 */
export type MakeServer = (world: World, options: CommonOptions) => Promise<RunningServer>;

export interface Seen {
  readonly tenant: string | null;
  readonly kind: string | null;
  readonly scopes: string[];
  readonly url: string;
}

/** Looks at the scope at several points of a request that others interleave with. */
export async function whoAmI(
  world: World,
  { resolution, tenant, url }: { tenant: unknown; resolution: unknown; url: string },
): Promise<Seen> {
  const scopes = [world.scope()];
  await tick();
  scopes.push(world.scope());
  await sleep(Math.random() * 10);
  scopes.push(world.scope());
  await Promise.all([tick(), Promise.resolve().then(() => scopes.push(world.scope()))]);
  return {
    kind: (resolution as { kind?: string } | undefined)?.kind ?? null,
    scopes,
    tenant: (tenant as { slug?: string } | undefined)?.slug ?? null,
    url,
  };
}

/** A stream that looks at the scope each time it is read. */
export function lazyStream(world: World): Readable {
  let left = 4;
  return new Readable({
    highWaterMark: 1,
    read() {
      setImmediate(() => {
        left -= 1;
        this.push(left < 0 ? null : `${world.scope()};`);
      });
    },
  });
}

/** The same as a web stream. */
export function lazyWebStream(world: World): ReadableStream<Uint8Array> {
  let left = 4;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        await tick();
        left -= 1;
        if (left < 0) controller.close();
        else controller.enqueue(new TextEncoder().encode(`${world.scope()};`));
      },
    },
    { highWaterMark: 0 },
  );
}

/** Calls `write` three times from an interval, then `end`. */
export function fromTimers(
  world: World,
  { end, write }: { write: (text: string) => void; end: () => void },
): void {
  let left = 3;
  const timer = setInterval(() => {
    write(`data: ${world.scope()}\n\n`);
    left -= 1;
    if (left > 0) return;
    clearInterval(timer);
    end();
  }, 5);
}

/** Notes the end of a response. */
export function noteEnd(world: World, response: NodeJS.EventEmitter): void {
  response.on("finish", () => world.note("finish"));
  response.on("close", () => world.note("close"));
}
