// The documentation as a site. `npm run docs` builds it, `npm run docs:dev` serves it to writers.
import { readFileSync } from "node:fs";
import { defineConfig, type UserConfig } from "vitepress";
import { forSite, slugify } from "./markdown.ts";
import { sidebar } from "./sidebar.ts";
import { REWRITES } from "./site-map.ts";

const manifest = JSON.parse(
  readFileSync(new URL("../../package.json", import.meta.url), "utf8"),
) as { description: string; repository?: { url: string }; version: string };

/** The repository's address, once package.json has one. */
const repository = manifest.repository?.url.replace(/^git\+/, "").replace(/\.git$/, "");

const config: UserConfig = defineConfig({
  cleanUrls: true,
  description: manifest.description,
  head: [["link", { href: "/icon.svg", rel: "icon", type: "image/svg+xml" }]],
  // A link that leads nowhere fails the build.
  ignoreDeadLinks: false,
  lang: "en-GB",
  // A fresh clone gives every file the same date.
  lastUpdated: false,
  markdown: {
    anchor: { slugify },
    config: forSite,
    // The theme's own colours of code are too pale on its background.
    theme: { dark: "github-dark-high-contrast", light: "github-light-high-contrast" },
  },
  rewrites: REWRITES,
  srcExclude: ["node_modules/**"],
  themeConfig: {
    ...(repository === undefined
      ? {}
      : {
          editLink: { pattern: `${repository}/edit/main/docs/:path` },
          socialLinks: [{ icon: "git", link: repository }],
        }),
    docFooter: { next: "Next", prev: "Before" },
    externalLinkIcon: true,
    logo: "/icon.svg",
    nav: [
      { activeMatch: "^/guide/", link: "/guide/getting-started", text: "Guide" },
      { activeMatch: "^/quick-start/", link: "/quick-start/", text: "Quick start" },
      { activeMatch: "^/recipes/", link: "/recipes/adopt-an-application", text: "Recipes" },
      { activeMatch: "^/reference/", link: "/reference/configuration", text: "Reference" },
      { link: "/project/changes", text: manifest.version },
    ],
    outline: [2, 3],
    search: {
      options: {
        miniSearch: {
          // What somebody wrote to be read stands before what was made from the docstrings.
          searchOptions: {
            boostDocument: (id: string) => (id.includes("/reference/modules/") ? 0.4 : 1),
          },
        },
      },
      provider: "local",
    },
    sidebar: sidebar(),
  },
  title: "kirayedar",
  titleTemplate: ":title · kirayedar",
  // The index of the search is one file, which is loaded when somebody searches.
  vite: { build: { chunkSizeWarningLimit: 4_000 } },
});

export default config;
