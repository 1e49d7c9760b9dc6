import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import { createAdmin, toNodeListener } from "../../admin/index.ts";
import type { Tenancy } from "../../core/tenancy.ts";
import { usageError } from "../usage-error.ts";
import { inUrl, ownHosts } from "./hosts.ts";
import { SignIn } from "./sign-in.ts";

/** Where and how the console is served. */
export interface ServeOptions {
  /** Address to listen on. */
  readonly host: string;
  /** Port; 0 takes one that is free. */
  readonly port: number;
  /** Who changes things, for the audit log. */
  readonly person: string;
  /** Whether nothing may be changed. */
  readonly isReadOnly: boolean;
}

/** A console that is being served. */
export interface ServedAdmin {
  /** Makes a new link, which works once; the one before is dead. */
  newLink(): string;
  /** Ends the streams and the server; what is being changed is finished by closing the tenancy. */
  close(): Promise<void>;
}

const ASK =
  "Open the link that the terminal shows. It works once: press Enter there for another one.";

/** Serves the console alone, to whoever has a link of it. */
export async function serveAdmin(tenancy: Tenancy, options: ServeOptions): Promise<ServedAdmin> {
  const server = createServer();
  const port = await listen(server, options);
  const signIn = new SignIn(port);
  const hosts = ownHosts(options.host, port);
  const admin = createAdmin({
    authorize: (request) =>
      signIn.isSignedIn(request.headers.get("cookie"))
        ? // Whoever may start the program may do everything: they have its configuration.
          { may: options.isReadOnly ? "read" : "destroy", person: options.person }
        : null,
    basePath: "",
    hosts,
    signInUrl: "/login",
    tenancy,
  });
  const serve = toNodeListener(admin);
  server.on("request", (request, response) => {
    if (!isLogin(request)) return serve(request, response);
    return answerLogin(signIn, hosts, request, response);
  });
  return {
    close: async () => {
      admin.close();
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
    newLink: () => {
      const host = ["0.0.0.0", "::"].includes(options.host) ? hostname() : options.host;
      return `http://${inUrl(host)}:${port}/login?token=${signIn.newToken()}`;
    },
  };
}

function listen(server: Server, { host, port }: ServeOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why = { EACCES: "is not for everybody", EADDRINUSE: "is taken" }[error.code ?? ""];
      reject(why === undefined ? error : usageError(`Port ${port} ${why}; choose another one.`));
    });
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function isLogin({ url = "" }: IncomingMessage): boolean {
  return url === "/login" || url.startsWith("/login?");
}

/** The next page is opened by this one: a cookie that is `Strict` is not sent where another site leads. */
const WELCOME = '<!doctype html><meta http-equiv="refresh" content="0;url=/"><a href="/">Go on</a>';

function answerLogin(
  signIn: SignIn,
  hosts: readonly string[],
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const headers = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
  };
  const refuse = (status: number, text: string): void => {
    response.writeHead(status, { ...headers, "content-type": "text/plain; charset=utf-8" });
    response.end(`${text}\n`);
  };
  if (!hosts.includes((request.headers.host ?? "").toLowerCase())) {
    return refuse(403, "The console does not answer under this host.");
  }
  if (request.method !== "GET") return refuse(405, "A link is opened by GET.");
  const token = new URLSearchParams(request.url?.replace(/^[^?]*/, "")).get("token");
  if (token === null) return refuse(401, ASK);
  const cookie = signIn.exchange(token);
  if (cookie === undefined) return refuse(403, `This link is used or too old. ${ASK}`);
  response.writeHead(200, {
    ...headers,
    "content-type": "text/html; charset=utf-8",
    "set-cookie": cookie,
  });
  response.end(WELCOME);
  return undefined;
}
