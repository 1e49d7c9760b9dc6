import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createAdmin, type Admin } from "../../../src/admin/index.ts";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import { SILENT_LOGGER } from "../../../src/core/logger.ts";
import { createWorkspace, NODE, type Workspace } from "./workspace.ts";

const MODULES = fileURLToPath(new URL("../../../node_modules", import.meta.url));
const ADMIN = new URL("../../../src/admin/index.ts", import.meta.url).href;

/** As much of a tenancy as a console needs that lets nobody in, or shows a page. */
const tenancy = {
  actingAs: (_actor: unknown, fn: () => unknown) => fn(),
  closing: new AbortController().signal,
  logger: SILENT_LOGGER,
  scopeGlobal: (fn: () => unknown) => fn(),
} as unknown as Tenancy;

describe("kirayedar generate admin", () => {
  let workspace: Workspace;
  const path = (file: string): string => join(workspace.folder, file);

  beforeEach(() => {
    workspace = createWorkspace("postgres://nobody@127.0.0.1:1/none");
  });
  afterEach(() => workspace.remove());

  it("makes a mount for the project's framework that lets nobody in, once", async () => {
    workspace.write("package.json", '{"type":"module","dependencies":{"express":"5"}}');
    workspace.write("tsconfig.json", "{}");
    workspace.write("src/main.ts", "");
    const { document } = await workspace.json("generate", "admin");
    expect(document).toMatchObject({
      additions: expect.arrayContaining([
        expect.objectContaining({
          text: 'app.use("/admin", toNodeListener(createConsole(tenancy)));',
        }),
      ]) as unknown[],
      files: [path("src/admin.ts")],
    });
    const text = readFileSync(path("src/admin.ts"), "utf8");
    writeFileSync(path("src/try.ts"), text.replace('"kirayedar/admin"', JSON.stringify(ADMIN)));
    const made = (await import(pathToFileURL(path("src/try.ts")).href)) as {
      createConsole: (tenancy: Tenancy) => Admin;
    };
    const answer = await made.createConsole(tenancy)(
      new Request("http://a.test/admin/api/session"),
    );
    expect(answer.status).toBe(401);

    writeFileSync(path("src/admin.ts"), "mine");
    const again = await workspace.run("generate", "admin");
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining("is there already")]);
    expect(readFileSync(path("src/admin.ts"), "utf8")).toBe("mine");
  });

  it("ejects pages that build as they are, and that the console serves", async () => {
    workspace.write("package.json", '{"type":"module","dependencies":{"hono":"4"}}');
    const { code, stdout } = await workspace.run("generate", "admin", "--eject");
    expect([code, stdout]).toEqual([0, expect.stringContaining("Made admin-pages/.")]);
    expect(readFileSync(path("admin.mjs"), "utf8")).toContain('resolve("admin-pages/ui/dist")');
    const manifest = JSON.parse(readFileSync(path("admin-pages/package.json"), "utf8")) as {
      readonly scripts: { readonly build: string };
    };
    expect(manifest.scripts.build).toBe("vite build ui --config ui/vite.config.ts");
    symlinkSync(MODULES, path("admin-pages/node_modules"));
    const vite = join(MODULES, "vite", "bin", "vite.js");
    const built = spawnSync(NODE, [vite, ...manifest.scripts.build.split(" ").slice(1)], {
      cwd: path("admin-pages"),
      encoding: "utf8",
      env: { ...process.env, NODE_ENV: "production" },
    });
    expect([built.status, built.stderr]).toEqual([0, expect.any(String)]);
    const pages = path("admin-pages/ui/dist");
    expect(existsSync(join(pages, "index.html"))).toBe(true);
    const admin = createAdmin({
      authorize: () => ({ may: "read", person: "ada" }),
      basePath: "/internal/admin",
      pages,
      tenancy,
    });
    const page = await (await admin(new Request("http://a.test/internal/admin/tenants"))).text();
    expect(page).toContain('<base href="/internal/admin/">');
    const script = /<script[^>]* src="\.\/(assets\/[^"]+\.js)"/.exec(page)?.[1] ?? "none";
    const file = await admin(new Request(`http://a.test/internal/admin/${script}`));
    expect(Object.fromEntries(file.headers)).toMatchObject({
      "cache-control": "private, max-age=31536000, immutable",
      "content-type": "text/javascript; charset=utf-8",
    });
    // The policy allows neither inline scripts nor styles.
    expect(page).not.toMatch(/<style|<script(?![^>]* src=)|\son\w+=|\sstyle=/);
    expect(readdirSync(join(pages, "assets")).length).toBeGreaterThan(1);
  });
});
