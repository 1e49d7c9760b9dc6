import type { ServerResponse } from "node:http";

/**
 * Sends a Fetch response through Node's. It waits while the connection takes no more, and ends the body
 * when the client goes.
 *
 * @param signal - aborted when the client goes
 */
export async function sendResponse(
  answer: Response,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  if (response.headersSent || signal.aborted) {
    await answer.body?.cancel();
    return;
  }
  response.statusCode = answer.status;
  for (const [name, value] of answer.headers) {
    if (name !== "set-cookie") response.setHeader(name, value);
  }
  const cookies = answer.headers.getSetCookie();
  // What middleware in front has set is kept: the application's own session may be renewed here.
  for (const cookie of cookies) response.appendHeader("set-cookie", cookie);
  if (answer.body === null) {
    response.end();
    return;
  }
  response.flushHeaders();
  await pump(answer.body, response, signal);
  if (!signal.aborted) response.end();
}

async function pump(
  body: ReadableStream<Uint8Array>,
  response: ServerResponse,
  signal: AbortSignal,
): Promise<void> {
  const reader = body.getReader();
  const cancel = (): void => void reader.cancel().catch(() => undefined);
  signal.addEventListener("abort", cancel, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) return;
      if (!response.write(value)) await drained(response, signal);
    }
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      response.off("drain", end);
      signal.removeEventListener("abort", end);
      resolve();
    };
    response.once("drain", end);
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
  });
}
