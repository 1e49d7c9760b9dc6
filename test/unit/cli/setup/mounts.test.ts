import { expect, it } from "vitest";
import type { TemplateContext } from "../../../../src/cli/setup/templates/context.ts";
import { MOUNTS } from "../../../../src/cli/setup/templates/mounts.ts";

const context = { facts: { language: { isModule: true } } } as TemplateContext;
const line = (text: string, framework: keyof typeof MOUNTS): string | undefined =>
  MOUNTS[framework].insert(text, context);

it("puts middleware behind what makes the application", () => {
  expect(line("const app = express(); // ours\napp.listen();\n", "express")).toBe(
    "const app = express(); // ours\napp.use(tenantMiddleware(tenancy));\napp.listen();\n",
  );
  expect(line("import a from 'a'\n\n\tconst api: Express = express()\n", "express")).toBe(
    "import a from 'a'\n\n\tconst api: Express = express()\n\tapi.use(tenantMiddleware(tenancy))\n",
  );
  expect(
    line("export const app = new Hono<{ Variables: V }>({\n  strict: true,\n});\n", "hono"),
  ).toBe(
    "export const app = new Hono<{ Variables: V }>({\n  strict: true,\n});\napp.use(tenantMiddleware(tenancy));\n",
  );
  expect(line("const app = new Koa();\n", "koa")).toContain(
    "app.use(tenantMiddleware(tenancy));\n",
  );
});

it("puts a plugin where it can be waited for", () => {
  const text = 'const app = fastify({ logger: "(" });\n';
  expect(line(text, "fastify")).toBe(`${text}await app.register(tenantPlugin, { tenancy });\n`);
  expect(line(`function build() {\n  ${text}}\n`, "fastify")).toBeUndefined();
  const commonJs = { facts: { language: { isModule: false } } } as TemplateContext;
  expect(MOUNTS.fastify.insert(text, commonJs)).toBeUndefined();
});

it("wraps the only argument of createServer", () => {
  expect(line("http.createServer(listener).listen(1)", "node")).toBe(
    "http.createServer(withTenant(tenancy, listener)).listen(1)",
  );
  expect(line("createServer((a, b) => {\n  f(a, b);\n});", "node")).toBe(
    "createServer(withTenant(tenancy, (a, b) => {\n  f(a, b);\n}));",
  );
  expect(line("createServer({ a }, listener)", "node")).toBeUndefined();
  expect(line("createServer()", "node")).toBeUndefined();
});

it("puts Nest's module first among the imports", () => {
  const forRoot = "TenancyModule.forRoot({ tenancy })";
  const module = (body: string): string => `@Module({${body}})\nexport class AppModule {}\n`;
  expect(line(module("\n  imports: [A, B],\n"), "nest")).toContain(`imports: [${forRoot}, A, B],`);
  expect(line(module("\n  imports: [],\n"), "nest")).toContain(`imports: [${forRoot}],`);
  expect(line(module("\n  imports: [\n    A,\n  ],\n"), "nest")).toContain(
    `imports: [\n    ${forRoot},\n    A,\n  ],`,
  );
  expect(line(module("\n  controllers: [A],\n"), "nest")).toContain(
    `@Module({\n  imports: [${forRoot}],\n  controllers: [A],\n})`,
  );
  expect(line(module(""), "nest")).toContain(`@Module({\n  imports: [${forRoot}],\n})`);
  expect(line(module("\n  imports: shared,\n"), "nest")).toBeUndefined();
});

it("leaves alone what it does not recognise for sure", () => {
  expect(line("const a = express();\nconst b = express();\n", "express")).toBeUndefined();
  expect(line("const app = express()\n  .use(a);\n", "express")).toBeUndefined();
  expect(line("const app = express().use(a);\n", "express")).toBeUndefined();
  expect(line('const text = "const app = express();";\n', "express")).toBeUndefined();
  expect(line("/*\nconst app = express();\n*/\n", "express")).toBeUndefined();
  expect(line("const app = new Hono(\n", "hono")).toBeUndefined();
});
