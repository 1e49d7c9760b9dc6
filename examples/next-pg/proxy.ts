import { NextResponse } from "next/server";
import { tenantProxy } from "kirayedar/next";
import { tenancy } from "./lib/tenancy";

export const proxy = tenantProxy(tenancy, { NextResponse });

export const config = { matcher: ["/((?!_next/static|_next/image).*)"] };
