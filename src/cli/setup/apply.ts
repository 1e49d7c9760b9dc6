import { randomBytes } from "node:crypto";
import {
  constants,
  copyFile,
  link,
  mkdir,
  readFile,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  writeFile,
} from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { CommanderError } from "commander";
import type { PlannedFile } from "./plan.ts";

/** Rights of a new file that holds passwords: its owner's alone. */
const SECRET_MODE = 0o600;

interface Prepared {
  readonly file: PlannedFile;
  /** Where it will be, behind any symbolic link. */
  readonly target: string;
  /** Where its text is until all of them are written. */
  readonly temporary: string;
}

/**
 * Writes all files of a plan that change, or none: first beside their places, under names of their
 * own, and then all to where they belong. What somebody has changed or made since the plan was made
 * is not written over.
 *
 * @param root - absolute path of the application's folder
 * @throws CommanderError when a file is not any more as it was; the error of the file system
 */
export async function applyPlan(root: string, files: readonly PlannedFile[]): Promise<void> {
  const changing = files.filter(({ action }) => action !== "keep");
  const folders: string[] = [];
  const prepared: Prepared[] = [];
  const done: Prepared[] = [];
  try {
    for (const file of changing) prepared.push(await prepare(root, file, folders));
    for (const each of prepared) await checkUnchanged(each);
    for (const each of prepared) {
      await putInPlace(each);
      done.push(each);
    }
  } catch (error) {
    for (const each of done.toReversed()) await takeBack(each);
    await removeTemporary(prepared);
    for (const folder of folders.toReversed()) await rmdir(folder).catch(() => undefined);
    throw error;
  }
}

async function prepare(root: string, file: PlannedFile, folders: string[]): Promise<Prepared> {
  const path = join(root, file.path);
  await makeFolder(dirname(path), folders);
  const target = file.before === undefined ? path : await realpath(path);
  const suffix = `${process.pid}-${randomBytes(4).toString("hex")}`;
  const temporary = join(dirname(target), `.${basename(target)}.kirayedar-${suffix}`);
  const prepared = { file, target, temporary };
  const mode = file.before === undefined ? undefined : (await stat(target)).mode;
  try {
    await writeFile(temporary, file.after, {
      flag: "wx",
      mode: mode ?? (file.isSecret === true ? SECRET_MODE : 0o666),
    });
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return prepared;
}

async function makeFolder(folder: string, folders: string[]): Promise<void> {
  const made: string[] = [];
  for (let next = folder; ; next = dirname(next)) {
    const isThere = await stat(next).then(
      () => true,
      () => false,
    );
    if (isThere || dirname(next) === next) break;
    made.unshift(next);
  }
  for (const next of made) {
    await mkdir(next);
    folders.push(next);
  }
}

async function checkUnchanged({ file, target }: Prepared): Promise<void> {
  const bytes = await readFile(target).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  });
  if (file.before === undefined ? bytes === undefined : bytes?.equals(Buffer.from(file.before))) {
    return;
  }
  if (bytes?.toString("utf8") === file.before) {
    throw new CommanderError(
      1,
      "kirayedar.not-utf8",
      `The file ${file.path} is not written in UTF-8, and would be damaged, so nothing was written. Save it as UTF-8, and run the command again.`,
    );
  }
  throw new CommanderError(
    1,
    "kirayedar.changed-meanwhile",
    `The file ${file.path} has changed since it was looked at, so nothing was written. Run the command again.`,
  );
}

async function putInPlace({ file, target, temporary }: Prepared): Promise<void> {
  if (file.before !== undefined) {
    await rename(temporary, target);
    return;
  }
  // Unlike a rename, this fails where somebody has made the file in this moment.
  await link(temporary, target).catch(async (error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") throw error;
    // Some file systems, such as those of memory sticks, have no links.
    await copyFile(temporary, target, constants.COPYFILE_EXCL);
  });
  await rm(temporary);
}

async function takeBack({ file, target }: Prepared): Promise<void> {
  if (file.before === undefined) await rm(target, { force: true });
  else await writeFile(target, file.before);
}

async function removeTemporary(prepared: readonly Prepared[]): Promise<void> {
  for (const { temporary } of prepared) await rm(temporary, { force: true });
}
