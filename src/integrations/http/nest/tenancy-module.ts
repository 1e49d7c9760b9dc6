import type { IncomingMessage, ServerResponse } from "node:http";
import type { DynamicModule, MiddlewareConsumer, ModuleMetadata, Provider } from "@nestjs/common";
import type { Tenancy } from "../../../core/tenancy.ts";
import { TenancyError } from "../../../errors/tenancy-error.ts";
import {
  type ConnectHandler,
  type ConnectMiddleware,
  connectMiddleware,
} from "../common/connect.ts";
import { enterDecision } from "../common/decide.ts";
import { type HttpOptions, type HttpTenancy, parseHttpOptions } from "../common/options.ts";
import { decisionFor } from "../common/request-state.ts";
import { Inject } from "./peer.ts";
import { OPTIONS, TENANCY, TENANT_MIDDLEWARE } from "./tokens.ts";

/** The part of a tenancy that the module uses. */
export type NestTenancy = HttpTenancy & Pick<Tenancy, "close">;

/** Answers a request in the module's place, through Node's own request and response. */
export type NestHandler = ConnectHandler<IncomingMessage, ServerResponse>;

/**
 * How {@link TenancyModule} treats requests. `skip` and `handlers` get Node's own request and
 * response, on Fastify too; `req.tenant` is set on that request.
 */
export interface TenancyModuleOptions extends HttpOptions<IncomingMessage, NestHandler> {
  /** The application's tenancy. */
  readonly tenancy: NestTenancy;
  /** Whether the tenancy is closed after Nest has closed its servers. Default `true`. */
  readonly closeOnShutdown?: boolean;
}

/** Options that are made with the help of other providers. */
export interface TenancyModuleAsyncOptions extends Pick<ModuleMetadata, "imports"> {
  /** What the factory gets, by token. */
  readonly inject?: Extract<Provider, { useFactory: unknown }>["inject"];
  /** Makes the options. */
  // oxlint-disable-next-line typescript/no-explicit-any -- as Nest types factories
  readonly useFactory: (...args: any[]) => TenancyModuleOptions | Promise<TenancyModuleOptions>;
}

type Middleware = ConnectMiddleware<IncomingMessage, ServerResponse>;

/**
 * Resolves each request to its tenant and runs everything behind it in that tenant's scope: other
 * middleware, guards, interceptors, pipes, handlers, filters, and streams. On Express and on
 * Fastify; the module is global.
 *
 * An interceptor could not do this: guards run before it. For a path prefix on Fastify see
 * {@link rewriteUrl}.
 *
 * @example
 * ```ts
 * Module({ imports: [TenancyModule.forRoot({ tenancy })] })(AppModule);
 * ```
 */
export class TenancyModule {
  readonly #middleware: Middleware;
  readonly #options: TenancyModuleOptions;
  readonly #tenancy: NestTenancy;

  /** @param options - injected, as the others */
  constructor(options: TenancyModuleOptions, middleware: Middleware, tenancy: NestTenancy) {
    this.#options = options;
    this.#middleware = middleware;
    this.#tenancy = tenancy;
  }

  /**
   * Makes the module.
   *
   * @throws TenancyError `INVALID_CONFIG` for a wrong option
   */
  static forRoot(options: TenancyModuleOptions): DynamicModule {
    checkOptions(options);
    return moduleOf([{ provide: OPTIONS, useValue: options }]);
  }

  /** Makes the module with options that need other providers; wrong ones refuse the start. */
  static forRootAsync({ imports, inject, useFactory }: TenancyModuleAsyncOptions): DynamicModule {
    const provider = { inject: inject ?? [], provide: OPTIONS, useFactory };
    return { ...moduleOf([provider]), ...(imports === undefined ? {} : { imports }) };
  }

  /** Called by Nest when the application starts. */
  configure(consumer: MiddlewareConsumer): void {
    // Not `apply(…).forRoutes(…)`: that would leave out routes that a global prefix excludes.
    const adapter = (consumer as { getHttpAdapter?: () => HttpAdapter }).getHttpAdapter?.();
    if (typeof adapter?.use !== "function") {
      throw new TenancyError(
        "UNSUPPORTED_PEER",
        "This version of Nest gives no access to its HTTP adapter.",
      );
    }
    // Tokens and guards are one for the whole application: it would be left to chance which they mean.
    if ((tenancies.get(adapter) ?? this.#tenancy) !== this.#tenancy) {
      throw new TenancyError("INVALID_CONFIG", "Two tenancies were imported in one application.", {
        remedy: "Import one `TenancyModule`; provide the other tenancy under a token of your own.",
      });
    }
    tenancies.set(adapter, this.#tenancy);
    adapter.use(this.#middleware);
  }

  /** Called by Nest when its servers are closed. */
  async onApplicationShutdown(): Promise<void> {
    if (this.#options.closeOnShutdown !== false) await this.#tenancy.close();
  }
}

Inject(OPTIONS)(TenancyModule, undefined, 0);
Inject(TENANT_MIDDLEWARE)(TenancyModule, undefined, 1);
Inject(TENANCY)(TenancyModule, undefined, 2);

/** What is installed on the adapter of an application. */
const tenancies = new WeakMap<object, NestTenancy>();

/** The part of Nest's adapters that is used here. */
interface HttpAdapter {
  use(middleware: Middleware): unknown;
}

function moduleOf(providers: Provider[]): DynamicModule {
  return {
    exports: [TENANCY, TENANT_MIDDLEWARE],
    global: true,
    module: TenancyModule,
    providers: [
      ...providers,
      {
        inject: [OPTIONS],
        provide: TENANCY,
        useFactory: (options: TenancyModuleOptions) => {
          checkOptions(options);
          return options.tenancy;
        },
      },
      {
        inject: [OPTIONS, TENANCY],
        provide: TENANT_MIDDLEWARE,
        // As it is injected: a test may have put another in its place.
        useFactory: (options: TenancyModuleOptions, tenancy: NestTenancy) =>
          makeMiddleware({ ...options, tenancy }),
      },
    ],
  };
}

function makeMiddleware(options: TenancyModuleOptions): Middleware {
  const { tenancy } = options;
  const enter = connectMiddleware<IncomingMessage, ServerResponse>(tenancy, options);
  return (request, response, next) => {
    const decision = decisionFor(request, tenancy);
    if (decision === undefined) return enter(request, response, next);
    // ISOLATION: `main.ts` has put this in front of its own middleware, which may have called us from
    // a callback of a pool: in no scope, or in another request's. integration/http/nest.test.ts
    return enterDecision(tenancy, decision, () => next());
  };
}

function checkOptions(options: TenancyModuleOptions): void {
  if (typeof options?.tenancy?.resolve !== "function") {
    throw new TenancyError("INVALID_CONFIG", "`TenancyModule` was imported without a tenancy.", {
      remedy: "Import it as `TenancyModule.forRoot({ tenancy })`.",
    });
  }
  parseHttpOptions(options);
}
