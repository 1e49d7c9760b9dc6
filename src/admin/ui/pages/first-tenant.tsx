import type { ComponentChildren } from "preact";
import { ButtonLink } from "../components/button.tsx";
import { hrefOf } from "../router.ts";
import { useMay, useSession } from "../session.ts";

/** What is shown while there is no tenant: what one is, and the way to the first. */
export function FirstTenant(): ComponentChildren {
  const { engine, primaryDomain, tenantPrefix } = useSession();
  const mayOperate = useMay("operate");
  const kept = engine === "postgres" ? "schema" : "database";
  return (
    <section class="panel panel-wide first">
      <h2>Create the first tenant</h2>
      <p class="dim">
        Each tenant gets a {kept} of its own. Give it a slug, such as <code>acme</code>, and it is
        ready in a moment:
      </p>
      <ol>
        <li>
          the {kept} <code>{tenantPrefix}acme</code> is made, with all migrations
        </li>
        {primaryDomain !== null && (
          <li>
            <code>acme.{primaryDomain}</code> leads to it
          </li>
        )}
        <li>it is listed here, with its versions, sizes and all that is done to it</li>
      </ol>
      {mayOperate ? (
        <ButtonLink kind="primary" icon="plus" href={hrefOf("/new")}>
          Create a tenant
        </ButtonLink>
      ) : (
        <p>You may look at tenants, but somebody else has to create them.</p>
      )}
      <p class="dim">
        Or on the command line: <code>npx kirayedar create acme</code>
      </p>
    </section>
  );
}
