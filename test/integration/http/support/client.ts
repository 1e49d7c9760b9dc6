import http from "node:http";
import net from "node:net";

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
  /** Whether the connection had served a request before. */
  readonly reused: boolean;
}

export interface SendOptions {
  readonly host?: string;
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string;
  readonly agent?: http.Agent;
}

/** Sends one request to `127.0.0.1` with any `Host`. */
export function send(port: number, path: string, options: SendOptions = {}): Promise<Answer> {
  const { agent = false, body, host = "acme.example.com", method = "GET" } = options;
  return new Promise((resolve, reject) => {
    const request = http.request(
      { agent, headers: { host, ...options.headers }, host: "127.0.0.1", method, path, port },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("error", reject);
        response.on("end", () => {
          const { headers, statusCode = 0 } = response;
          resolve({ body: text, headers, reused: request.reusedSocket, status: statusCode });
        });
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

/** Sends bytes as they are, and resolves with all that comes back until the connection ends. */
export function sendRaw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1", () => socket.write(text));
    let answer = "";
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      answer += chunk;
    });
    socket.on("end", () => resolve(answer));
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
    socket.setTimeout(10_000, () => socket.destroy(new Error("no end")));
  });
}

/** The statuses of all responses in `text`. */
export function statusesOf(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));
}

/** Waits until `holds` returns true. */
export async function until(holds: () => boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error("It did not happen.");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
