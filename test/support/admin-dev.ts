// Serves the console over an embedded database, for people who work on its pages:
//   node test/support/admin-dev.ts [port] [read|operate|destroy]
import { createServer } from "node:http";
import { createAdmin, toNodeListener } from "../../src/admin/index.ts";
import type { Permission } from "../../src/admin/contract.ts";
import { openAdminWorld } from "./admin-world.ts";

const port = Number(process.argv[2] ?? 4600);
const may = (process.argv[3] ?? "destroy") as Permission;
const { tenancy } = await openAdminWorld();
const admin = createAdmin({ authorize: () => ({ may, person: "ada@example.com" }), tenancy });
const listener = toNodeListener(admin);
createServer((request, response) => {
  listener(request, response, () => {
    response.writeHead(302, { location: "/admin/" }).end();
  });
}).listen(port, "127.0.0.1", () => console.log(`http://127.0.0.1:${port}/admin/ (may ${may})`));
