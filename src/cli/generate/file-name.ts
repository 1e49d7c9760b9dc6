import { dirname, isAbsolute, posix, relative, sep } from "node:path";
import { usageError } from "../usage-error.ts";

/** Makes a file's name of what a person typed: `API key` becomes `api-key`. @throws CommanderError */
export function toFileName(name: string): string {
  const kebab = name
    .trim()
    .replaceAll(/([a-z\d])([A-Z])/g, "$1-$2")
    .replaceAll(/[\s_]+/g, "-")
    .toLowerCase();
  if (/^[a-z][a-z\d]*(?:-[a-z\d]+)*$/.test(kebab) && kebab.length <= 100) return kebab;
  throw usageError(
    `${JSON.stringify(name)} cannot name a file. Use letters, digits, spaces, \`_\` and \`-\`, such as \`api key\`.`,
  );
}

/** Words that cannot name a function of a module, and what a resolver's module has already. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    "headerValues host identify " +
    "arguments await break case catch class const continue debugger default delete do else enum eval " +
    "export extends false finally for function if implements import in instanceof interface let new " +
    "null package private protected public return static super switch this throw true try typeof " +
    "undefined var void while with yield"
  ).split(" "),
);

/** Makes the name of a function of a file's name: `api-key` becomes `apiKey`. */
export function toFunctionName(fileName: string): string {
  const camel = fileName.replaceAll(/-([a-z\d])/g, (_, letter: string) => letter.toUpperCase());
  return RESERVED.has(camel) ? `${camel}Resolver` : camel;
}

/** Returns the path of a file in a folder of the project. @throws CommanderError for one outside of it */
export function pathIn(folder: string, file: string): string {
  const path = posix.join(folder.replaceAll("\\", "/"), file);
  if (!isAbsolute(folder) && !path.startsWith("../")) return path;
  throw usageError(`${JSON.stringify(folder)} is no folder of the project. Name it from there.`);
}

/** Returns what one file of a project calls another one by, in an import. */
export function importFrom(file: string, other: string): string {
  const path = relative(dirname(file), other).split(sep).join(posix.sep);
  return path.startsWith("../") ? path : `./${path}`;
}
