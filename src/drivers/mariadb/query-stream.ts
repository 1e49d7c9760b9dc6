import { AsyncResource } from "node:async_hooks";
import { Readable } from "node:stream";

/** The stream of the client library: its `close` lets the rest of the rows pass unseen. */
export interface RowStream extends Readable {
  close?(): void;
}

/**
 * Makes a stream of rows that begins once `open` has opened the client library's own.
 *
 * @param open - opens it, when the connection's turn has come
 * @param onEnd - called once, when nothing of it is on the connection any more
 */
export function deferStream(open: () => Promise<RowStream>, onEnd: () => void): RowStream {
  const stream = new DeferredStream();
  // ISOLATION: a socket's events run in the scope of whoever opened it. leak/mariadb-session.test.ts
  stream.emit = AsyncResource.bind(stream.emit.bind(stream));
  open().then(
    (inner) => stream.follow(inner, onEnd),
    (error: Error) => {
      onEnd();
      stream.destroy(error);
    },
  );
  return stream;
}

class DeferredStream extends Readable implements RowStream {
  #inner: RowStream | undefined;

  constructor() {
    super({ objectMode: true });
  }

  /** Passes on what another stream has. */
  follow(inner: RowStream, onEnd: () => void): void {
    let hasEnded = false;
    const end = (error?: Error): void => {
      if (hasEnded) return;
      hasEnded = true;
      onEnd();
      if (error === undefined) this.push(null);
      else this.destroy(error);
    };
    inner.on("data", (row) => {
      if (!this.push(row)) inner.pause();
    });
    inner.on("fields", (columns) => this.emit("fields", columns));
    inner.on("error", end);
    inner.on("end", () => end());
    this.#inner = inner;
    if (this.destroyed) this.#drain();
  }

  /** Lets the rest of the rows pass unseen. */
  close(): void {
    this.destroy();
  }

  override _read(): void {
    this.#inner?.resume();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#drain();
    callback(error);
  }

  /** The connection can only be used again when the server has sent everything. */
  #drain(): void {
    this.#inner?.close?.();
    this.#inner?.removeAllListeners("data");
    this.#inner?.resume();
  }
}
