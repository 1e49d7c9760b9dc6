import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** How long a link works. */
const LINK_MS = 5 * 60_000;
/** How many browsers may be signed in; the one that came first makes room. */
const MOST_SESSIONS = 20;

interface Link {
  readonly hash: Buffer;
  readonly until: number;
}

/**
 * Signs browsers in by links that work once. A link is given to whoever started the program; what the
 * browser keeps afterwards is another secret, in a cookie that no script can read and no other site sends.
 * Only hashes are kept, and all are forgotten when the program ends.
 */
export class SignIn {
  readonly #cookie: string;
  readonly #now: () => number;
  #link: Link | undefined;
  #sessions: Buffer[] = [];

  /** @param port - a part of the cookie's name: cookies are the same for all ports of a host */
  constructor(port: number, now: () => number = Date.now) {
    this.#cookie = `kirayedar-admin-${port}`;
    this.#now = now;
  }

  /** Makes the token of a new link; the one before is dead. */
  newToken(): string {
    const token = randomBytes(32).toString("base64url");
    this.#link = { hash: hashOf(token), until: this.#now() + LINK_MS };
    return token;
  }

  /** Takes a token in exchange for a cookie; `undefined` if it is wrong, old or used. */
  exchange(token: string): string | undefined {
    const link = this.#link;
    // Compared by their hashes, which have one length, in a time that says nothing of either.
    const isRight = link !== undefined && timingSafeEqual(link.hash, hashOf(token));
    if (!isRight || this.#now() > link.until) return undefined;
    this.#link = undefined;
    const session = randomBytes(32).toString("base64url");
    this.#sessions = [...this.#sessions, hashOf(session)].slice(-MOST_SESSIONS);
    return `${this.#cookie}=${session}; Path=/; HttpOnly; SameSite=Strict`;
  }

  /** Whether a request comes from a browser that is signed in. */
  isSignedIn(cookieHeader: string | null): boolean {
    const prefix = `${this.#cookie}=`;
    const values = (cookieHeader ?? "")
      .split(";")
      .map((pair) => pair.trim())
      .filter((pair) => pair.startsWith(prefix))
      .map((pair) => hashOf(pair.slice(prefix.length)));
    return values.some((value) =>
      this.#sessions.some((session) => timingSafeEqual(session, value)),
    );
  }
}

function hashOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
