export const GET = (request) =>
  Response.json({
    made: globalThis.tenanciesMade,
    runtime: process.env.NEXT_RUNTIME,
    target: request.headers.get("x-kirayedar-target"),
  });
