import { type LookupAddress, type LookupAllOptions, promises as dns } from "node:dns";
import { get, type IncomingMessage } from "node:http";
import type { LookupFunction } from "node:net";
import { isPublicAddress } from "./public-address.ts";

/** More than the text that is looked for, with room for a signature of the editor's. */
const MAX_BYTES = 1024;

/** What came of a GET. */
export interface FetchedFile {
  /** HTTP status. */
  readonly status: number;
  /** Its text, cut off. */
  readonly body: string;
}

/** Thrown for a host that leads to an address that is not public. */
export class NotPublicError extends Error {
  override readonly name: string = "NotPublicError";
}

/** What the default GET is made of; given in tests alone. */
export interface FetchFileOptions {
  /** Finds all addresses of a host. Default: the machine's own way. */
  readonly lookup?: (host: string, options: LookupAllOptions) => Promise<LookupAddress[]>;
  /** Whether an address may be reached. Default: if it is public. */
  readonly isAllowed?: (address: string) => boolean;
  /** Default 80. */
  readonly port?: number;
}

/**
 * Gets a small file from the internet for somebody who chose the host: on port 80 alone, without following
 * a redirect, and from public addresses only. Whoever claims a domain may point it at anything, this
 * machine and its network included.
 */
export function fetchFile(
  url: string,
  signal: AbortSignal,
  options: FetchFileOptions = {},
): Promise<FetchedFile> {
  const { isAllowed = isPublicAddress, lookup = dns.lookup, port = 80 } = options;
  const { hostname, pathname } = new URL(url);
  return new Promise((resolve, reject) => {
    const request = get(
      {
        // No connection is kept: the next one is checked anew.
        agent: false,
        headers: { accept: "text/plain", "user-agent": "kirayedar-domain-check" },
        hostname,
        lookup: checkedLookup(lookup, isAllowed),
        path: pathname,
        port,
        signal,
      },
      (response) => {
        readBody(response).then(
          (body) => {
            request.destroy();
            resolve({ body, status: response.statusCode ?? 0 });
          },
          (error: Error) => {
            reject(error);
          },
        );
      },
    );
    request.on("error", reject);
  });
}

/**
 * The connection is made to the very addresses that were checked, so that a host cannot have other ones a
 * moment later.
 */
function checkedLookup(
  lookup: NonNullable<FetchFileOptions["lookup"]>,
  isAllowed: (address: string) => boolean,
): LookupFunction {
  return (host, options, done) => {
    // With a dot behind it, a name is looked for as it is, and in no domain of this machine's own.
    lookup(`${host}.`, { all: true, verbatim: true }).then(
      (addresses) => {
        const [first] = addresses;
        // One that is not public is enough: which of them is tried is not for the host to say.
        if (first === undefined || !addresses.every(({ address }) => isAllowed(address))) {
          done(new NotPublicError("The host has an address that is not public."), []);
        } else if (options.all === true) done(null, addresses);
        else done(null, first.address, first.family);
      },
      (error: unknown) => {
        done(error as NodeJS.ErrnoException, []);
      },
    );
  };
}

async function readBody(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, MAX_BYTES).toString("utf8");
}
