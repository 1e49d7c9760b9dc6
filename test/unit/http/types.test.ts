import type { Context as KoaContext } from "koa";
import { Hono } from "hono";
import type { FastifyRequest } from "fastify";
import type { Request as ExpressRequest } from "express";
import { describe, expectTypeOf, it } from "vitest";
import type { Resolution } from "../../../src/core/resolution.ts";
import type { Tenancy } from "../../../src/core/tenancy.ts";
import type { Tenant } from "../../../src/core/tenant.ts";
import type { ExpressHandler } from "../../../src/integrations/http/express/index.ts";
import type { withTenant } from "../../../src/integrations/http/fetch/index.ts";
import type { FastifyHandler } from "../../../src/integrations/http/fastify/index.ts";
import type { HttpTenancy, TenantEnv } from "../../../src/integrations/http/hono/index.ts";
import type { KoaHandler } from "../../../src/integrations/http/koa/index.ts";
import type { TenantRequest } from "../../../src/integrations/http/node/index.ts";

describe("the types", () => {
  it("know the tenant where each framework keeps it", () => {
    expectTypeOf<ExpressRequest["tenant"]>().toEqualTypeOf<Tenant | undefined>();
    expectTypeOf<FastifyRequest["tenantResolution"]>().toEqualTypeOf<Resolution | undefined>();
    expectTypeOf<TenantRequest["tenant"]>().toEqualTypeOf<Tenant | undefined>();
    new Hono<TenantEnv>().get("/", (c) => {
      expectTypeOf(c.get("tenant")).toEqualTypeOf<Tenant | undefined>();
      return c.text("");
    });
  });

  it("accept a tenancy with any pool", () => {
    expectTypeOf<Tenancy<{ own: true }>>().toExtend<HttpTenancy>();
  });

  it("give handlers their framework's own arguments first", () => {
    expectTypeOf<Parameters<ExpressHandler>[0]>().toEqualTypeOf<ExpressRequest>();
    expectTypeOf<Parameters<FastifyHandler>[0]>().toEqualTypeOf<FastifyRequest>();
    expectTypeOf<Parameters<KoaHandler>[0]>().toEqualTypeOf<KoaContext>();
  });

  it("carry what a runtime passes beside the request", () => {
    type Wrapped = ReturnType<typeof withTenant<[{ params: string }]>>;
    expectTypeOf<Parameters<Wrapped>>().toEqualTypeOf<[Request, { params: string }]>();
  });
});
