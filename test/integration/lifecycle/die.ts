import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { World } from "./world.ts";

const DYING = fileURLToPath(new URL("dying-process.ts", import.meta.url));

/**
 * Has another process do an operation, and die at one of its steps.
 *
 * @returns whether it died, before its end
 */
export async function die(
  { engine, schema, url }: World,
  operation: "claim" | "create" | "drop" | "provision",
  step: number,
  when: "before" | "after",
): Promise<boolean> {
  const args = [DYING, engine.name, url, schema(""), operation, String(step), when];
  try {
    await promisify(execFile)(process.execPath, args);
    return false;
  } catch (error) {
    if ((error as { signal?: unknown }).signal === "SIGKILL") return true;
    throw error;
  }
}
