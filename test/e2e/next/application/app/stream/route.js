import { setTimeout as sleep } from "node:timers/promises";
import { slug, withTenant } from "../../lib/tenancy.js";

export const GET = withTenant(() => {
  let left = 4;
  const pull = async (controller) => {
    await sleep(1);
    left -= 1;
    if (left < 0) controller.close();
    else controller.enqueue(new TextEncoder().encode(`${slug()};`));
  };
  return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
});
