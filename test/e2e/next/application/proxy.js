import { NextResponse } from "next/server";
import { tenantProxy } from "kirayedar/next";
import { tenancy } from "./lib/tenancy.js";

export const proxy = tenantProxy(tenancy, {
  NextResponse,
  skip: (request) => new URL(request.url).pathname === "/state",
});

// Paths that begin with "direct" are served without it.
export const config = { matcher: ["/((?!direct|_next).*)"] };
