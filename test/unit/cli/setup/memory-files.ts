import type { ProjectFiles } from "../../../../src/cli/setup/project-files.ts";

/** Files in memory, by path. */
export function memoryFiles(texts: Readonly<Record<string, string>>): ProjectFiles {
  return {
    list: (folder) => {
      const prefix = folder === "" ? "" : `${folder}/`;
      const names = Object.keys(texts)
        .filter((path) => path.startsWith(prefix))
        .map((path) => path.slice(prefix.length).replace(/\/.*/, "/"));
      return [...new Set(names)].toSorted();
    },
    read: (path) => texts[path],
  };
}
