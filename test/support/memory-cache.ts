import type { DrizzleCache } from "../../src/integrations/orm/drizzle/index.ts";

/** A cache of Drizzle that remembers every query, as an application would write one. */
export interface MemoryCache extends DrizzleCache {
  /** What it has, by key. */
  readonly entries: Map<string, { readonly response: unknown; readonly tables: readonly string[] }>;
  /** How often it had what it was asked for. */
  hits: number;
}

/** Makes a cache; `onGet` is called when it is asked. */
export function memoryCache(onGet: () => void = () => undefined): MemoryCache {
  const cache: MemoryCache = {
    entries: new Map(),
    get: async (key) => {
      onGet();
      const entry = cache.entries.get(key);
      if (entry !== undefined) cache.hits += 1;
      return entry?.response as unknown[] | undefined;
    },
    hits: 0,
    onMutate: async ({ tables = [], tags = [] }) => {
      for (const tag of [tags].flat()) cache.entries.delete(tag);
      const changed = [tables].flat();
      for (const [key, entry] of cache.entries) {
        if (entry.tables.some((table) => changed.includes(table))) cache.entries.delete(key);
      }
    },
    put: async (key, response, tables) => void cache.entries.set(key, { response, tables }),
    strategy: () => "all",
  };
  return cache;
}
