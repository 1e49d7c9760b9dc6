import type { ServerResponse } from "node:http";
import type { Refusal } from "./status.ts";

/** A whole response, for whichever framework sends it. */
export interface Reply {
  /** HTTP status. */
  readonly status: number;
  /** Headers, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Text of the body. */
  readonly body: string;
}

/** Renders a refusal as JSON, or as plain text for those who would rather read. */
export function renderRefusal(
  refusal: Refusal,
  accept: string | undefined,
  retryAfterSeconds: number,
): Reply {
  const { error, message, retryable, status } = refusal;
  const isText = prefersText(accept ?? "");
  return {
    body: isText ? `${message}\n` : JSON.stringify({ error, message }),
    headers: {
      "cache-control": "no-store",
      "content-type": isText ? "text/plain; charset=utf-8" : "application/json; charset=utf-8",
      vary: "Host, Accept",
      "x-content-type-options": "nosniff",
      ...(retryable ? { "retry-after": String(retryAfterSeconds) } : {}),
    },
    status,
  };
}

/** Sends a reply through Node's own response. */
export function sendReply(response: ServerResponse, reply: Reply): void {
  response.statusCode = reply.status;
  for (const [name, value] of Object.entries(reply.headers)) response.setHeader(name, value);
  response.setHeader("content-length", Buffer.byteLength(reply.body));
  response.end(reply.body);
}

/** Whether a text type is accepted more gladly than JSON; browsers ask for `text/html` first. */
function prefersText(accept: string): boolean {
  let json = 0;
  let text = 0;
  for (const range of accept.toLowerCase().split(",")) {
    const [type = "", ...params] = range.split(";").map((part) => part.trim());
    const q = Number(params.find((param) => param.startsWith("q="))?.slice(2) ?? 1);
    const weight = Number.isFinite(q) ? q : 0;
    if (type === "*/*" || type === "application/*" || /^application\/(.+\+)?json$/.test(type)) {
      json = Math.max(json, weight);
    } else if (type.startsWith("text/")) {
      text = Math.max(text, weight);
    }
  }
  return text > json;
}
