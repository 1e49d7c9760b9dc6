import type { PipeTransform } from "@nestjs/common";
import type { Tenant } from "../../../core/tenant.ts";
import { refusalFor } from "../common/status.ts";
import { toException } from "./exception.ts";
import { createParamDecorator, Inject, Injectable } from "./peer.ts";
import type { NestTenancy } from "./tenancy-module.ts";
import { TENANCY } from "./tokens.ts";

/** Injects the application's tenancy: `constructor(@InjectTenancy() private tenancy: Tenancy<Pool>)`. */
export function InjectTenancy(): PropertyDecorator & ParameterDecorator {
  return Inject(TENANCY);
}

/** How {@link CurrentTenant} treats a scope that is no tenant's. */
export interface CurrentTenantOptions {
  /** Whether `undefined` is passed where there is no tenant. Default `false`: 404. */
  readonly optional?: boolean;
}

/** A pipe, because pipes are injected: it reads the scope in force, whatever carries the call. */
class CurrentTenantPipe implements PipeTransform<unknown, Tenant | undefined> {
  readonly #tenancy: NestTenancy;

  constructor(tenancy: NestTenancy) {
    this.#tenancy = tenancy;
  }

  transform(options: unknown): Tenant | undefined {
    const scope = this.#tenancy.currentScope();
    if (scope?.kind === "tenant") return scope.tenant;
    if ((options as CurrentTenantOptions | undefined)?.optional === true) return undefined;
    throw toException(refusalFor("tenantRequired", undefined));
  }
}

Injectable()(CurrentTenantPipe);
Inject(TENANCY)(CurrentTenantPipe, undefined, 0);

const fromScope = createParamDecorator((options: CurrentTenantOptions) => options);

/**
 * Passes the tenant in whose scope a handler runs: of an HTTP route, and wherever else Nest has
 * parameters and a scope is in force, such as GraphQL resolvers and gateways of WebSockets.
 */
export function CurrentTenant(options: CurrentTenantOptions = {}): ParameterDecorator {
  return fromScope({ optional: options.optional === true }, CurrentTenantPipe);
}
