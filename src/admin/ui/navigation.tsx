import type { ComponentChildren } from "preact";
import type { Permission } from "../contract.ts";
import { Button } from "./components/button.tsx";
import { Icon, type IconName } from "./components/icon.tsx";
import { type LiveState, useLiveState } from "./live.ts";
import { hrefOf } from "./router.ts";
import { useSession } from "./session.ts";
import { type Theme, useTheme } from "./theme.ts";

const PAGES: readonly { readonly to: string; readonly title: string; readonly icon: IconName }[] = [
  { to: "/", title: "Overview", icon: "overview" },
  { to: "/tenants", title: "Tenants", icon: "tenants" },
  { to: "/migrations", title: "Migrations", icon: "migrations" },
  { to: "/audit", title: "Audit log", icon: "audit" },
];

/** The pages: at the side, or at the bottom of a phone. */
export function NavBar(props: {
  readonly path: string;
  readonly onHelp: () => void;
}): ComponentChildren {
  const session = useSession();
  return (
    <header class="side">
      <a class="brand" href={hrefOf("/")}>
        <BrandMark />
        <span class="brand-name">kirayedar</span>
      </a>
      <nav class="nav" aria-label="Pages">
        <ul>
          {PAGES.map(({ to, title, icon }) => (
            <li key={to}>
              <a href={hrefOf(to)} aria-current={isWithin(to, props.path) ? "page" : undefined}>
                <Icon name={icon} />
                <span>{title}</span>
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div class="side-foot">
        <Button kind="ghost" small icon="keyboard" onClick={props.onHelp}>
          Shortcuts
        </Button>
        <p class="side-version">
          {session.engine === "postgres" ? "PostgreSQL" : "MySQL / MariaDB"}
          <br />
          version {session.version}
        </p>
      </div>
    </header>
  );
}

function isWithin(to: string, path: string): boolean {
  if (to === "/tenants" && path === "/new") return true;
  return to === "/" ? path === "/" : path === to || path.startsWith(`${to}/`);
}

const MAY: Readonly<Record<Permission, string>> = {
  read: "read only",
  operate: "operator",
  destroy: "full access",
};

/** Who is there, whether news arrive, and the theme. */
export function StatusBar(): ComponentChildren {
  const session = useSession();
  return (
    <div class="bar">
      <a class="bar-brand" href={hrefOf("/")} aria-label="Overview">
        <BrandMark />
      </a>
      <LiveIndicator state={useLiveState()} />
      <p class="person">
        <span class="person-name" title={session.person}>
          {session.person}
        </span>
        <span class="person-may">{MAY[session.may]}</span>
      </p>
      <ThemeSwitch />
    </div>
  );
}

const LIVE: Readonly<Record<LiveState, { readonly word: string; readonly meaning: string }>> = {
  connecting: { word: "Connecting", meaning: "Waiting for the server's events" },
  resting: { word: "Resting", meaning: "Nothing is read while nobody looks" },
  live: { word: "Live", meaning: "What is shown is kept up to date as it happens" },
  polling: {
    word: "Reconnecting",
    meaning: "The server's events do not arrive: what is shown is read anew every ten seconds",
  },
};

function LiveIndicator(props: { readonly state: LiveState }): ComponentChildren {
  const { word, meaning } = LIVE[props.state];
  return (
    <p class={`live live-${props.state}`} role="status" title={meaning}>
      <span class="live-dot" aria-hidden="true" />
      {word}
    </p>
  );
}

const THEMES: readonly {
  readonly theme: Theme;
  readonly title: string;
  readonly icon: IconName;
}[] = [
  { theme: "light", title: "Light", icon: "sun" },
  { theme: "auto", title: "As the system", icon: "system" },
  { theme: "dark", title: "Dark", icon: "moon" },
];

function ThemeSwitch(): ComponentChildren {
  const [chosen, choose] = useTheme();
  return (
    <fieldset class="theme">
      <legend class="unseen">Colours</legend>
      {THEMES.map(({ theme, title, icon }) => (
        <label key={theme} title={title}>
          <input
            type="radio"
            name="theme"
            class="unseen"
            checked={theme === chosen}
            onChange={() => choose(theme)}
          />
          <Icon name={icon} />
          <span class="unseen">{title}</span>
        </label>
      ))}
    </fieldset>
  );
}

function BrandMark(): ComponentChildren {
  return (
    <svg class="brand-mark" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
      <rect x="1" y="2.5" width="18" height="4" rx="1.4" />
      <rect x="1" y="8" width="13" height="4" rx="1.4" />
      <rect x="1" y="13.5" width="8" height="4" rx="1.4" />
    </svg>
  );
}
