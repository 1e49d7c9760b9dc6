import "reflect-metadata";
import type { ServerResponse } from "node:http";
import * as common from "@nestjs/common";
import { APP_GUARD, NestFactory } from "@nestjs/core";
import { interval, map, type Observable, take } from "rxjs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  AnyScopeRoute,
  CurrentTenant,
  GlobalRoute,
  InjectTenancy,
  type NestTenancy,
  TenancyModule,
  type TenancyModuleOptions,
  TENANCY,
  TENANT_MIDDLEWARE,
  TenantGuard,
  TenantRoute,
} from "../../../src/integrations/http/nest/index.ts";
import { send } from "./support/client.ts";
import { createWorld, type World } from "./support/world.ts";

interface AppOptions {
  readonly module?: common.DynamicModule;
  readonly more?: (common.DynamicModule | common.Type)[];
  readonly prepare?: (app: common.INestApplication) => void;
}

/** Makes a class for `@Module()`. */
function moduleOf(metadata: common.ModuleMetadata): common.Type {
  // oxlint-disable-next-line typescript/no-extraneous-class -- what Nest's modules are
  class AModule {}
  common.Module(metadata)(AModule);
  return AModule;
}

/** Applies decorators to a method, which erasable syntax cannot. */
function method(
  type: { prototype: object },
  name: string,
  decorators: MethodDecorator[],
  ...parameters: ParameterDecorator[]
): void {
  const descriptor = Object.getOwnPropertyDescriptor(type.prototype, name) ?? {};
  for (const decorate of decorators) decorate(type.prototype, name, descriptor);
  for (const [index, decorate] of parameters.entries()) decorate(type.prototype, name, index);
}

describe("the module for Nest", () => {
  let world: World;
  let app: common.INestApplication | undefined;
  let closed = 0;
  let tenancy: NestTenancy;

  beforeEach(() => {
    world = createWorld();
    closed = 0;
    tenancy = {
      ...world.tenancy,
      close: async () => {
        closed += 1;
      },
    };
  });
  afterEach(() => app?.close());

  /** Starts an application whose guards, interceptors and pipes note the scope. */
  const start = async ({ module, more = [], prepare }: AppOptions = {}): Promise<number> => {
    class NoteGuard {
      canActivate(): boolean {
        world.note("guard");
        return true;
      }
    }
    class NotePipe {
      transform(value: unknown): unknown {
        world.note("pipe");
        return value;
      }
    }
    class NotesController {
      readonly #tenancy: NestTenancy;
      constructor(injected: NestTenancy) {
        this.#tenancy = injected;
      }
      tenant(tenant: { slug: string } | undefined, _query: unknown): object {
        const scope = this.#tenancy.currentScope();
        return { isInjected: this.#tenancy === tenancy, kind: scope?.kind, slug: tenant?.slug };
      }
      strict({ slug }: { slug: string }): object {
        return { slug };
      }
      global(): object {
        return { scope: world.scope() };
      }
      any(): object {
        return { scope: world.scope() };
      }
    }
    common.Controller()(NotesController);
    InjectTenancy()(NotesController, undefined, 0);
    common.UseGuards(NoteGuard)(NotesController);
    method(
      NotesController,
      "tenant",
      [common.Get("tenant")],
      CurrentTenant({ optional: true }),
      common.Query(NotePipe),
    );
    method(NotesController, "strict", [common.Get("strict"), AnyScopeRoute()], CurrentTenant());
    method(NotesController, "global", [common.Get("global"), GlobalRoute()]);
    method(NotesController, "any", [common.Get("any"), AnyScopeRoute()]);
    class AdminController {
      all(): object {
        return { scope: world.scope() };
      }
      own(): object {
        return { scope: world.scope() };
      }
    }
    common.Controller("admin")(AdminController);
    GlobalRoute()(AdminController);
    method(AdminController, "all", [common.Get("all")]);
    method(AdminController, "own", [common.Get("own"), TenantRoute()]);
    const root = moduleOf({
      controllers: [NotesController, AdminController],
      imports: [module ?? TenancyModule.forRoot({ onUnknown: "pass", tenancy }), ...more],
      providers: [{ provide: APP_GUARD, useClass: TenantGuard }],
    });
    app = await NestFactory.create(root, { logger: false });
    prepare?.(app);
    await app.listen(0, "127.0.0.1");
    return (app.getHttpServer().address() as { port: number }).port;
  };
  const get = async (port: number, path: string, slug = "acme"): Promise<[number, unknown]> => {
    const answer = await send(port, path, { host: `${slug}.example.com` });
    return [answer.status, JSON.parse(answer.body)];
  };

  it("enters the scope before guards and pipes, and injects tenancy and tenant", async () => {
    const port = await start();
    const seen = { isInjected: true, kind: "tenant", slug: "acme" };
    expect(await get(port, "/tenant")).toEqual([200, seen]);
    expect(world.events).toEqual(["guard:acme", "pipe:acme"]);
  });

  it("lets tenants, the global scope or anybody reach a route, as it is marked", async () => {
    const port = await start();
    const errorOf = async (path: string, slug: string): Promise<unknown> => {
      const [status, body] = await get(port, path, slug);
      return [status, (body as { error?: string }).error];
    };
    expect(await errorOf("/tenant", "admin")).toEqual([404, "tenant_required"]);
    expect(await errorOf("/tenant", "nobody")).toEqual([404, "tenant_required"]);
    expect(await errorOf("/global", "acme")).toEqual([403, "global_required"]);
    expect(await errorOf("/admin/all", "acme")).toEqual([403, "global_required"]);
    expect(await errorOf("/strict", "nobody")).toEqual([404, "tenant_required"]);
    expect(await get(port, "/global", "admin")).toEqual([200, { scope: "global" }]);
    expect(await get(port, "/admin/all", "admin")).toEqual([200, { scope: "global" }]);
    expect(await get(port, "/admin/own", "acme")).toEqual([200, { scope: "acme" }]);
    expect(await get(port, "/any", "nobody")).toEqual([200, { scope: "none" }]);
    expect(await get(port, "/strict", "odd")).toEqual([200, { slug: "odd" }]);
  });

  it("covers the routes that a global prefix excludes", async () => {
    const prepare = (app: common.INestApplication): void =>
      void app.setGlobalPrefix("api", { exclude: ["any"] });
    const port = await start({ prepare });
    expect(await get(port, "/any")).toEqual([200, { scope: "acme" }]);
    expect(await get(port, "/api/strict", "globex")).toEqual([200, { slug: "globex" }]);
  });

  it("can be put before the middleware of main.ts, which then loses the scope to nobody", async () => {
    const waiting: (() => void)[] = [];
    const port = await start({
      prepare: (app) => {
        app.use(app.get(TENANT_MIDDLEWARE));
        app.use((_request: unknown, _response: unknown, next: () => void) => {
          world.note("session");
          // As a store does whose connection another request gives back: `next` is called in that
          // request's scope.
          waiting.push(next);
          if (waiting.length === 2) for (const each of waiting.splice(0).toReversed()) each();
        });
      },
    });
    const answers = await Promise.all([get(port, "/any"), get(port, "/any", "globex")]);
    expect(answers).toEqual([
      [200, { scope: "acme" }],
      [200, { scope: "globex" }],
    ]);
    expect(world.events.filter((event) => event.startsWith("session")).toSorted()).toEqual([
      "session:acme",
      "session:globex",
    ]);
    expect(world.resolved).toHaveLength(2);
  });

  it("takes its options from a factory", async () => {
    class Settings {
      readonly options: TenancyModuleOptions = { responseHeader: "x-tenant", tenancy };
    }
    const module = TenancyModule.forRootAsync({
      imports: [moduleOf({ exports: [Settings], providers: [Settings] })],
      inject: [Settings],
      useFactory: async ({ options }: Settings) => options,
    });
    const port = await start({ module });
    const answer = await send(port, "/any");
    expect(answer.headers["x-tenant"]).toBe("acme");
    expect((await send(port, "/any", { host: "nobody.example.com" })).status).toBe(404);
  });

  it("closes the tenancy when the application ends, unless that is not wanted", async () => {
    await start();
    await app?.close();
    expect(closed).toBe(1);
    await start({ module: TenancyModule.forRoot({ closeOnShutdown: false, tenancy }) });
    await app?.close();
    expect(closed).toBe(1);
  });

  it("refuses two tenancies in one application, whose guards could mean either", async () => {
    const options = { abortOnError: false, logger: false } as const;
    const other: NestTenancy = { ...tenancy };
    const two = moduleOf({
      imports: [
        TenancyModule.forRoot({ tenancy }),
        moduleOf({ imports: [TenancyModule.forRoot({ tenancy: other })] }),
      ],
    });
    const refused = NestFactory.create(two, options).then((app) => app.init());
    await expect(refused).rejects.toMatchObject({ code: "INVALID_CONFIG" });
    // The same one twice is one.
    const port = await start({
      module: TenancyModule.forRoot({ tenancy }),
      more: [TenancyModule.forRoot({ tenancy })],
    });
    expect(await get(port, "/any")).toEqual([200, { scope: "acme" }]);
    expect(world.resolved).toHaveLength(1);
  });

  it("goes by the tenancy that is injected, as where a test has put another in its place", async () => {
    const wrong = { ...tenancy, resolve: () => Promise.reject(new Error("not this one")) };
    const module = TenancyModule.forRoot({ tenancy: wrong });
    // What `overrideProvider(TENANCY).useValue(tenancy)` of `@nestjs/testing` does.
    const providers = module.providers?.map((provider) =>
      "provide" in provider && provider.provide === TENANCY
        ? { provide: TENANCY, useValue: tenancy }
        : provider,
    );
    const port = await start({ module: { ...module, providers: providers ?? [] } });
    const seen = { isInjected: true, kind: "tenant", slug: "globex" };
    expect(await get(port, "/tenant", "globex")).toEqual([200, seen]);
    await app?.close();
    expect(closed).toBe(1);
  });

  it("holds in providers of a request, event streams, and filters of paths without a route", async () => {
    class PerRequest {
      readonly madeIn = world.scope();
    }
    common.Injectable({ scope: common.Scope.REQUEST })(PerRequest);
    class ScopeController {
      readonly #own: PerRequest;
      constructor(own: PerRequest) {
        this.#own = own;
      }
      own(): string {
        return `${this.#own.madeIn} ${world.scope()}`;
      }
      events(): Observable<{ data: string }> {
        return interval(1).pipe(
          take(3),
          map(() => ({ data: world.scope() })),
        );
      }
    }
    common.Controller("scope")(ScopeController);
    common.Inject(PerRequest)(ScopeController, undefined, 0);
    method(ScopeController, "own", [common.Get("own")]);
    method(ScopeController, "events", [common.Sse("events")]);
    class NotFoundFilter {
      catch(_error: Error, host: common.ArgumentsHost): void {
        const response = host.switchToHttp().getResponse<ServerResponse>();
        response.statusCode = 404;
        response.end(`nothing in ${world.scope()}`);
      }
    }
    common.Catch(common.NotFoundException)(NotFoundFilter);
    const port = await start({
      more: [moduleOf({ controllers: [ScopeController], providers: [PerRequest] })],
      prepare: (app) => void app.useGlobalFilters(new NotFoundFilter()),
    });
    const jobs = ["acme", "globex"].map(async (slug) => {
      const bodyOf = async (path: string): Promise<string> =>
        (await send(port, path, { host: `${slug}.example.com` })).body;
      expect(await bodyOf("/scope/own")).toBe(`${slug} ${slug}`);
      const events = (await bodyOf("/scope/events")).match(/data: (\w+)/g);
      expect(events).toEqual(Array.from({ length: 3 }, () => `data: ${slug}`));
      expect(await bodyOf("/nowhere")).toBe(`nothing in ${slug}`);
    });
    await Promise.all(jobs);
  });

  it("refuses wrong options before it starts", async () => {
    const code = "INVALID_CONFIG";
    const wrong = { onUnknown: "ignore", tenancy } as unknown as TenancyModuleOptions;
    expect(() => TenancyModule.forRoot(wrong)).toThrow(expect.objectContaining({ code }));
    const none = {} as unknown as TenancyModuleOptions;
    expect(() => TenancyModule.forRoot(none)).toThrow(expect.objectContaining({ code }));
    const module = TenancyModule.forRootAsync({ useFactory: () => wrong });
    const options = { abortOnError: false, logger: false } as const;
    await expect(
      NestFactory.create(moduleOf({ imports: [module] }), options),
    ).rejects.toMatchObject({ code });
    const consumer = {} as unknown as common.MiddlewareConsumer;
    const old = new TenancyModule({ tenancy }, () => {}, tenancy);
    const unsupported = expect.objectContaining({ code: "UNSUPPORTED_PEER" });
    expect(() => old.configure(consumer)).toThrow(unsupported);
  });
});
