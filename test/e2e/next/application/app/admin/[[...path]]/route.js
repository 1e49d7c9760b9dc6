import { createAdmin } from "kirayedar/admin";
import { tenancy } from "../../../lib/tenancy.js";

const admin = createAdmin({
  authorize: (request) =>
    request.headers.get("authorization") === "Bearer ci" ? { may: "read", person: "ci" } : null,
  tenancy,
});

export { admin as GET, admin as POST };
