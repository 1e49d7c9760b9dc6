import { CSRF_HEADER, type Problem, type Session } from "../contract.ts";

/** What the server refused, or that it could not be reached. */
export class ApiError extends Error {
  override readonly name: string = "ApiError";
  /** As in the contract's `Problem`, or `UNREACHABLE`. */
  readonly code: string;
  /** Status of the answer; 0 where there was none. */
  readonly status: number;

  constructor(code: string, message: string, status: number, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.status = status;
  }
}

/** What a request may carry beside its path. */
export interface RequestOptions {
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Ends the request; it then rejects with an `AbortError`. */
  readonly signal?: AbortSignal;
}

type Method = "DELETE" | "GET" | "PATCH" | "POST";

let csrfToken = "";
const signedOut = new Set<() => void>();

/** Calls `listener` whenever the server no longer knows who asks. Returns what stops it. */
export function onSignedOut(listener: () => void): () => void {
  signedOut.add(listener);
  return () => signedOut.delete(listener);
}

/** Makes an API path, with every value in it encoded: ``path`tenants/${slug}` ``. */
export function path(texts: TemplateStringsArray, ...values: readonly string[]): string {
  return texts.reduce(
    (made, text, index) => made + encodeURIComponent(values[index - 1] ?? "") + text,
  );
}

/** Adds those of `values` that are there to a path, as its query. */
export function withQuery(
  to: string,
  values: Readonly<Record<string, string | number | boolean | null | undefined>>,
): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined && value !== null && value !== "") query.set(name, String(value));
  }
  return query.size === 0 ? to : `${to}?${query.toString()}`;
}

/** Absolute address of an API path, below wherever the console is mounted. */
export function apiAddress(to: string): string {
  return new URL(`api/${to}`, document.baseURI).href;
}

/** Reads who asks, and keeps the token that later changes need. */
export async function readSession(signal?: AbortSignal): Promise<Session> {
  const session = await request<Session>("GET", "session", signal === undefined ? {} : { signal });
  csrfToken = session.csrfToken;
  return session;
}

/**
 * Asks the API.
 *
 * @throws ApiError when the answer is no success or there is none; an `AbortError` when `signal` fires
 */
export async function request<T>(
  method: Method,
  to: string,
  options: RequestOptions = {},
): Promise<T> {
  try {
    return await send<T>(method, to, options);
  } catch (error) {
    // A server that has been started anew gives new tokens. The refused change was not made.
    if (!(error instanceof ApiError) || error.code !== "CSRF") throw error;
    await readSession(options.signal);
    return send<T>(method, to, options);
  }
}

async function send<T>(method: Method, to: string, options: RequestOptions): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (method !== "GET") headers[CSRF_HEADER] = csrfToken;
  if (options.body !== undefined) headers["content-type"] = "application/json";
  const response = await reach(apiAddress(to), {
    method,
    headers,
    credentials: "same-origin",
    cache: "no-store",
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  if (!response.ok) throw await toError(response);
  if (response.status === 204) return undefined as T;
  return await readJson<T>(response);
}

/** Whoever guards the console may answer in its place, mostly with a page to sign in on. */
async function readJson<T>(response: Response): Promise<T> {
  try {
    return (await response.json()) as T;
  } catch (error) {
    if (isAbort(error)) throw error;
    const isPage = response.headers.get("content-type")?.startsWith("text/html") === true;
    if (isPage) for (const listener of signedOut) listener();
    const message = isPage
      ? "A page came in place of an answer: you may be signed out."
      : "The answer was cut off.";
    throw new ApiError("UNREACHABLE", message, response.status, { cause: error });
  }
}

async function reach(address: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(address, init);
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ApiError("UNREACHABLE", "The server does not answer.", 0, { cause: error });
  }
}

async function toError(response: Response): Promise<ApiError> {
  const problem = (await response.json().catch(() => null)) as Partial<Problem> | null;
  if (response.status === 401) for (const listener of signedOut) listener();
  return new ApiError(
    problem?.error?.code ?? "INTERNAL",
    problem?.error?.message ?? `The server answered with status ${response.status}.`,
    response.status,
  );
}

/** Whether an error only says that a request was given up. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
