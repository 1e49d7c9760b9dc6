import { useEffect, useState } from "preact/hooks";

/** Where the person is, below the mount path. */
export interface Place {
  /** Begins with a slash: `/tenants/acme`. */
  readonly path: string;
  /** Of filters and orders; never of what a tenant is called. */
  readonly query: URLSearchParams;
}

/** A page's parameters, decoded. */
export type Params = Readonly<Record<string, string>>;

/** What a page is given. */
export interface PageProps {
  /** From its path. */
  readonly params: Params;
  readonly place: Place;
}

const listeners = new Set<() => void>();

/** Mount path of the console; begins and ends with a slash. */
export function mountPath(): string {
  return new URL(document.baseURI).pathname;
}

/** Address of a page, to be used in links: `hrefOf("/tenants/acme")`. */
export function hrefOf(to: string): string {
  return mountPath() + to.slice(1);
}

/** Goes to a page. `state` is kept beside the address, and comes back with {@link keptState}. */
export function navigate(
  to: string,
  options: { readonly replace?: boolean; readonly state?: unknown } = {},
): void {
  const state = options.state ?? null;
  if (options.replace) history.replaceState(state, "", hrefOf(to));
  else history.pushState(state, "", hrefOf(to));
  for (const listener of listeners) listener();
}

/** What was kept beside this entry of the history, such as a search text that no address may hold. */
export function keptState(): unknown {
  return history.state as unknown;
}

/** Keeps something beside this entry of the history, without a new rendering. */
export function keepState(state: unknown): void {
  history.replaceState(state, "");
}

function currentPlace(): Place {
  const rest = location.pathname.slice(mountPath().length).replace(/\/+$/, "");
  return { path: `/${rest}`, query: new URLSearchParams(location.search) };
}

/** Where the person is now; renders anew when that changes. */
export function usePlace(): Place {
  const [place, setPlace] = useState(currentPlace);
  useEffect(() => {
    const update = (): void => setPlace(currentPlace());
    listeners.add(update);
    addEventListener("popstate", update);
    return () => {
      listeners.delete(update);
      removeEventListener("popstate", update);
    };
  }, []);
  return place;
}

/** Matches a path with a pattern such as `/tenants/:slug`; `null` if it is another page. */
export function matchPath(pattern: string, path: string): Params | null {
  const [wanted, given] = [pattern.split("/"), path.split("/")];
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const value = given[index] ?? "";
    if (!part.startsWith(":")) {
      if (part !== value) return null;
      continue;
    }
    const decoded = decode(value);
    if (decoded === null || decoded === "") return null;
    params[part.slice(1)] = decoded;
  }
  return params;
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** Makes plain links go through {@link navigate}: call it on a click anywhere in the pages. */
export function followLink(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (link === null || link.target !== "" || link.hasAttribute("download")) return;
  if (link.origin !== location.origin || !link.pathname.startsWith(mountPath())) return;
  event.preventDefault();
  navigate(`/${link.pathname.slice(mountPath().length)}${link.search}`);
}
