import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunningDemo, start } from "./main.ts";

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Walks through the demo over HTTP, as a visitor would; tells whether all was as it should be. */
export async function check(begin: typeof start): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), "kirayedar-demo-"));
  const options = {
    databaseUrl: process.env["DATABASE_URL"],
    dataDir: join(folder, "data"),
    port: 0,
  };
  const results: boolean[] = [];
  const say = (what: string, holds: boolean): void => {
    results.push(holds);
    console.log(`${holds ? "ok  " : "FAIL"} ${what}`);
  };
  let demo: RunningDemo | undefined;
  try {
    demo = await begin(options);
    await walk(demo.port, say);
    await demo.stop();
    demo = await begin(options);
    const { body } = await get(demo.port, "acme.localhost", "/");
    say("a restart keeps the data", body.includes("only for acme"));
  } catch (error) {
    console.error(error);
    say("nothing unexpected happened", false);
  } finally {
    await demo?.stop();
    await rm(folder, { force: true, recursive: true });
  }
  const failed = results.filter((holds) => !holds).length;
  console.log(`${results.length - failed} passed, ${failed} failed`);
  return failed === 0;
}

async function walk(port: number, say: (what: string, holds: boolean) => void): Promise<void> {
  const visit = (host: string, path = "/"): Promise<Answer> => get(port, host, path);
  const submit = (host: string, path: string, form: Record<string, string> = {}): Promise<Answer> =>
    send(port, host, path, form);
  const admin = "admin.localhost";
  const slug = `umbrella-${process.pid}`;

  const landing = await visit("localhost");
  say(
    "the apex lists the sites",
    landing.status === 200 && landing.body.includes("globex.localhost"),
  );
  for (const tenant of ["acme", "globex", "initech"]) {
    const { body, status } = await visit(`${tenant}.localhost`);
    say(`${tenant} has its own site`, status === 200 && body.includes(`tenant_${tenant}`));
  }
  const added = await submit("acme.localhost", "/notes", { body: "only for acme <b>" });
  say("a note can be added", added.status === 303);
  const own = (await visit("acme.localhost")).body;
  say("its tenant sees it, escaped", own.includes("only for acme &lt;b&gt;"));
  const foreign = [(await visit("globex.localhost")).body, (await visit("initech.localhost")).body];
  say(
    "no other tenant does",
    foreign.every((body) => !body.includes("only for acme")),
  );
  say(
    "an empty note is refused",
    (await submit("acme.localhost", "/notes", { body: " " })).status === 400,
  );
  const elsewhere = await send(
    port,
    "acme.localhost",
    "/notes",
    { body: "x" },
    "http://evil.example",
  );
  say("a form of another site is refused", elsewhere.status === 403);

  say("an unknown host is nobody's", (await visit("nobody.localhost")).status === 404);
  say("so is a schema's name", (await visit("public.localhost")).status === 404);
  say("so is an address", (await visit("127.0.0.1")).status === 404);
  say("a port and capitals do not matter", (await visit(`ACME.localhost:${port}`)).status === 200);

  const made = await submit(admin, "/tenants", { name: "Umbrella", slug });
  say("the admin host makes a tenant", made.status === 303);
  say("which is served at once", (await visit(`${slug}.localhost`)).status === 200);
  say(
    "a second one of that name is refused",
    (await submit(admin, "/tenants", { slug })).status === 409,
  );
  for (const bad of [
    "acme; drop schema public",
    "ACME",
    "pg_x",
    "public",
    "a..b",
    "x".repeat(64),
    "🦄",
  ]) {
    const { status } = await submit(admin, "/tenants", { slug: bad });
    say(`the slug ${JSON.stringify(bad.slice(0, 24))} is refused`, status === 400);
  }
  await submit(admin, `/tenants/${slug}/suspend`);
  say("a suspended tenant is not served", (await visit(`${slug}.localhost`)).status === 403);
  await submit(admin, `/tenants/${slug}/resume`);
  say("a resumed one is", (await visit(`${slug}.localhost`)).status === 200);
  say(
    "nothing is dropped without its name",
    (await submit(admin, `/tenants/${slug}/drop`)).status === 400,
  );
  await submit(admin, `/tenants/${slug}/drop`, { confirm: slug });
  say("a dropped tenant is gone", (await visit(`${slug}.localhost`)).status === 404);
  say(
    "tenants cannot reach the admin's routes",
    (await submit("acme.localhost", "/tenants", { slug: "x" })).status === 404,
  );
}

function get(port: number, host: string, path: string): Promise<Answer> {
  return ask(port, { headers: { host }, method: "GET", path }, "");
}

function send(
  port: number,
  host: string,
  path: string,
  form: Record<string, string>,
  origin = `http://${host}`,
): Promise<Answer> {
  const headers = { "content-type": "application/x-www-form-urlencoded", host, origin };
  return ask(port, { headers, method: "POST", path }, new URLSearchParams(form).toString());
}

function ask(
  port: number,
  options: {
    readonly headers: Record<string, string>;
    readonly method: string;
    readonly path: string;
  },
  body: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asking = request({ ...options, host: "localhost", port }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ body: text, status: response.statusCode ?? 0 }));
    });
    asking.on("error", reject);
    asking.end(body);
  });
}
