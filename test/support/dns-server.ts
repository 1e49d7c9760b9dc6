import { createSocket } from "node:dgram";
import { promises as dns } from "node:dns";

/** Records of one name, each in its parts; or how the server fails to tell. */
export type TxtAnswer = readonly (readonly string[])[] | "servfail" | "silent";

/** A name server of a test: it knows TXT records, and says of all else that there is no such name. */
export interface DnsServer {
  /** What it answers, by name. */
  readonly records: Map<string, TxtAnswer>;
  /** Names that it was asked for. */
  readonly asked: string[];
  /** Its address, for `Resolver.setServers`. */
  readonly address: string;
  /** Asks this very server, as an application's own resolver would. */
  readonly resolver: dns.Resolver;
  close(): Promise<void>;
}

const TXT = 16;
const CODES = { noError: 0, notFound: 3, servfail: 2 } as const;

/** Starts a name server on this machine. */
export async function startDnsServer(): Promise<DnsServer> {
  const records = new Map<string, TxtAnswer>();
  const asked: string[] = [];
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const { end, name, type } = readQuestion(query);
    asked.push(name);
    const answer = type === TXT ? records.get(name) : undefined;
    if (answer === "silent") return;
    socket.send(reply(query.subarray(0, end), answer), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const resolver = new dns.Resolver({ timeout: 200, tries: 1 });
  const address = `127.0.0.1:${socket.address().port}`;
  resolver.setServers([address]);
  return {
    address,
    asked,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
    records,
    resolver,
  };
}

/** @see https://www.rfc-editor.org/rfc/rfc1035#section-4.1.2 */
function readQuestion(query: Buffer): { end: number; name: string; type: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { end: at + 5, name: labels.join(".").toLowerCase(), type: query.readUInt16BE(at + 1) };
}

function reply(question: Buffer, answer: Exclude<TxtAnswer, "silent"> | undefined): Buffer {
  const records = Array.isArray(answer) ? (answer as readonly (readonly string[])[]) : [];
  const code =
    answer === "servfail" ? CODES.servfail : answer === undefined ? CODES.notFound : CODES.noError;
  const header = Buffer.from(question);
  header.writeUInt16BE(0x8180 | code, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  header.writeUInt32BE(0, 8);
  return Buffer.concat([header, ...records.map(toRecord)]);
}

function toRecord(parts: readonly string[]): Buffer {
  const data = Buffer.concat(
    parts.map((part) => Buffer.concat([Buffer.from([Buffer.byteLength(part)]), Buffer.from(part)])),
  );
  const head = Buffer.alloc(12);
  // The name is that of the question.
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(TXT, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}
