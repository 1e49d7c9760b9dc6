import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { RequestError } from "./api/problem.ts";
import { findPackageFolder } from "./package-folder.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

/** A name that its content decides, as builds write it: `index-B1c2D3e4.js`. */
const HASHED = /-[\w-]{8,}\.\w+$/;

interface PageFile {
  readonly content: Buffer<ArrayBuffer>;
  readonly etag: string;
  readonly type: string;
  readonly cache: string;
}

/**
 * The built pages. A request chooses from a table of the files that were in the folder: what is not in it
 * is not looked for. The table is read again when `index.html` has changed, after a new build.
 */
export class Pages {
  readonly #folder: string;
  readonly #basePath: string;
  #files: ReadonlyMap<string, PageFile> = new Map();
  #builtAt = -1;

  /**
   * @param folder - with `index.html` in it
   * @param basePath - where the console is mounted, without a slash at its end
   */
  constructor(folder: string, basePath: string) {
    this.#folder = folder;
    this.#basePath = basePath;
  }

  /**
   * Answers a request for a page, or for one of its files.
   *
   * @param path - below the mount path, without a slash at its beginning
   * @throws RequestError `PAGES_MISSING`; `NOT_FOUND` for a file that is none of them
   */
  serve(path: string, request: Request): Response {
    this.#load();
    // Addresses of pages have no dot in their last part but the slugs of some tenants: those are no files.
    const isPage = !path.startsWith("assets/") && !this.#files.has(path);
    const file = this.#files.get(isPage ? "index.html" : path);
    if (file === undefined) throw new RequestError("NOT_FOUND", "There is no such file.");
    const headers = { "cache-control": file.cache, "content-type": file.type, etag: file.etag };
    if (request.headers.get("if-none-match") === file.etag) {
      return new Response(null, { headers, status: 304 });
    }
    return new Response(file.content, { headers });
  }

  #load(): void {
    const builtAt = modifiedAt(join(this.#folder, "index.html"));
    if (builtAt === undefined) {
      throw new RequestError(
        "PAGES_MISSING",
        `The console's pages are not built: there is no index.html in ${this.#folder}. If the application is bundled or copied, that folder has to be there too, or be named by \`pages\`. The API works.`,
      );
    }
    if (builtAt === this.#builtAt) return;
    const names = readdirSync(this.#folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && TYPES[extname(entry.name)] !== undefined)
      .map((entry) => join(entry.parentPath, entry.name));
    this.#files = new Map(
      names.map((name) => {
        const path = relative(this.#folder, name).split(sep).join("/");
        return [path, this.#read(name, path)];
      }),
    );
    this.#builtAt = builtAt;
  }

  #read(name: string, path: string): PageFile {
    const raw = readFileSync(name);
    const content = path === "index.html" ? this.#withBase(raw.toString("utf8")) : raw;
    return {
      cache:
        path.startsWith("assets/") && HASHED.test(path)
          ? "private, max-age=31536000, immutable"
          : "no-cache",
      content,
      etag: `"${createHash("sha256").update(content).digest("base64url").slice(0, 27)}"`,
      type: TYPES[extname(name)] ?? "application/octet-stream",
    };
  }

  /** Relative addresses in the pages start from here, whatever page it is. */
  #withBase(html: string): Buffer<ArrayBuffer> {
    // The mount path has been checked: nothing in it means anything in HTML.
    const base = `<base href="${this.#basePath}/">`;
    const without = html.replace(/<base\b[^>]*>/i, "");
    return Buffer.from(without.replace(/<head\b[^>]*>/i, (head) => head + base));
  }
}

/** Returns the folder of the pages that come with this package, be it built or run from its source. */
export function ownPages(): string {
  // Where the package is not found, its place in the message is the one to look at.
  const { path } = findPackageFolder() ?? {
    path: join(process.cwd(), "node_modules", "kirayedar"),
  };
  return join(path, "dist", "admin", "ui");
}

function modifiedAt(file: string): number | undefined {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return undefined;
  }
}
