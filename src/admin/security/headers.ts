/** What the pages may load: their own files, and the API. */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "manifest-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const EVERYWHERE: Readonly<Record<string, string>> = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "x-robots-tag": "noindex, nofollow",
};

/** Adds to an answer what a browser has to know to treat it with care. */
export function protect(headers: Headers): void {
  for (const [name, value] of Object.entries(EVERYWHERE)) headers.set(name, value);
  const isPage = headers.get("content-type")?.startsWith("text/html") === true;
  headers.set(
    "content-security-policy",
    isPage ? PAGE_POLICY : "default-src 'none'; frame-ancestors 'none'; sandbox",
  );
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
}
