import type { CanActivate, CustomDecorator, ExecutionContext } from "@nestjs/common";
import type { Required } from "../common/request-state.ts";
import { refusalFor } from "../common/status.ts";
import { toException } from "./exception.ts";
import { Inject, Injectable, SetMetadata } from "./peer.ts";
import type { NestTenancy } from "./tenancy-module.ts";
import { TENANCY } from "./tokens.ts";

const REQUIRED = "kirayedar:required";

/** Marks a controller or a route as one for tenants, which they are by default. */
export function TenantRoute(): CustomDecorator {
  return SetMetadata(REQUIRED, "tenant");
}

/** Marks a controller or a route as one of the global scope: {@link TenantGuard} refuses tenants. */
export function GlobalRoute(): CustomDecorator {
  return SetMetadata(REQUIRED, "global");
}

/** Marks a controller or a route as one for everybody, with or without a scope. */
export function AnyScopeRoute(): CustomDecorator {
  return SetMetadata(REQUIRED, "any");
}

/**
 * Lets only calls in a tenant's scope reach a route: others get 404. Routes with `@GlobalRoute()`
 * are for the global scope alone: tenants get 403. What a route is marked with goes before what its
 * controller is marked with.
 *
 * Use it for all routes with `{ provide: APP_GUARD, useClass: TenantGuard }`. It goes by the scope in
 * force, so it also guards resolvers and gateways.
 */
export class TenantGuard implements CanActivate {
  readonly #tenancy: NestTenancy;

  /** @param tenancy - injected */
  constructor(tenancy: NestTenancy) {
    this.#tenancy = tenancy;
  }

  /** Refuses by an `HttpException`, so that Nest's filters see it. */
  canActivate(context: ExecutionContext): boolean {
    const required = requiredOf(context.getHandler()) ?? requiredOf(context.getClass()) ?? "tenant";
    if (required === "any" || this.#tenancy.currentScope()?.kind === required) return true;
    throw toException(
      refusalFor(required === "tenant" ? "tenantRequired" : "globalRequired", undefined),
    );
  }
}

Injectable()(TenantGuard);
Inject(TENANCY)(TenantGuard, undefined, 0);

/** `reflect-metadata` adds this to the global object; Nest does not start without it. */
interface Metadata {
  getMetadata(key: string, target: object): unknown;
}

function requiredOf(target: object): Required | "any" | undefined {
  return (Reflect as unknown as Metadata).getMetadata(REQUIRED, target) as
    | Required
    | "any"
    | undefined;
}
