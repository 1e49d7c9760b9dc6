import "reflect-metadata";
import type { AddressInfo } from "node:net";
import { Body, Controller, Get, Module, Post } from "@nestjs/common";
import { APP_GUARD, NestFactory } from "@nestjs/core";
import { InjectTenancy, TenancyModule, TenantGuard } from "kirayedar/nest";
import { decorate } from "./decorate.ts";
import { tenancy } from "./tenancy.ts";

await tenancy.migrateGlobal();
for (const slug of ["acme", "globex"]) await tenancy.create(slug, { ifExists: "keep" });

class NotesController {
  readonly #tenancy: typeof tenancy;

  constructor(injected: typeof tenancy) {
    this.#tenancy = injected;
  }

  async list(): Promise<unknown> {
    const { rows } = await this.#tenancy.pool.query("select id, text from notes order by id");
    return rows;
  }

  async add({ text }: { text: string }): Promise<unknown> {
    const insert = "insert into notes (text) values ($1) returning id, text";
    const { rows } = await this.#tenancy.pool.query(insert, [text]);
    return rows[0];
  }
}

// oxlint-disable-next-line typescript/no-extraneous-class -- what Nest's modules are
class AppModule {}

decorate(NotesController, {
  class: [Controller("notes")],
  injected: [InjectTenancy()],
  methods: { add: [Post()], list: [Get()] },
  parameters: { add: [Body()] },
});
decorate(AppModule, {
  class: [
    Module({
      controllers: [NotesController],
      imports: [TenancyModule.forRoot({ tenancy })],
      providers: [{ provide: APP_GUARD, useClass: TenantGuard }],
    }),
  ],
});

const app = await NestFactory.create(AppModule, { forceCloseConnections: true, logger: ["error"] });
await app.listen(process.env["PORT"] ?? 3000);
const { port } = app.getHttpServer().address() as AddressInfo;
console.log(`Listening on http://localhost:${port}`);
for (const slug of ["acme", "globex"]) console.log(`  http://${slug}.localhost:${port}/notes`);

// Closes the tenancy too.
process.once("SIGTERM", () => void app.close());
