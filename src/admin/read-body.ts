import { RequestError } from "./api/problem.ts";

/** Bytes that a body may have. */
export const MOST_BYTES: number = 64 * 1024;

const JSON_TYPE = /^application\/json\s*(?:;|$)/i;

/**
 * Reads a body of JSON; an empty one is an object without fields.
 *
 * @throws RequestError `UNSUPPORTED_MEDIA_TYPE`, `TOO_LARGE`, `INVALID_REQUEST`
 */
export async function readBody(request: Request, maxBytes: number): Promise<unknown> {
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const text = await readText(request, maxBytes);
  if (text === "") return {};
  // Another type could be sent by a form of any site, without a question beforehand.
  if (!JSON_TYPE.test(request.headers.get("content-type") ?? "")) {
    throw new RequestError("UNSUPPORTED_MEDIA_TYPE", "A body has to be `application/json`.");
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new RequestError("INVALID_REQUEST", "The body is no JSON.");
  }
}

async function readText(request: Request, maxBytes: number): Promise<string> {
  if (request.body === null) return "";
  if (request.bodyUsed) {
    throw new RequestError(
      "INVALID_REQUEST",
      "Something before the console has read the body: mount it in front, or without a parser.",
    );
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new RequestError("INVALID_REQUEST", "The body is no UTF-8.");
  }
}

function tooLarge(maxBytes: number): RequestError {
  return new RequestError("TOO_LARGE", `The body has more than ${maxBytes} bytes.`);
}
