import { Html } from "./html.ts";

/** The one style sheet. `--hue` is each tenant's own, so that one sees at once where one is. */
export const STYLE: Html = new Html(`
:root { color-scheme: light dark; --hue: 172; --ink: light-dark(#1c1b19, #edeae4); --soft: light-dark(#635f58, #a8a298);
  --paper: light-dark(#faf8f4, #171614); --card: light-dark(#fff, #201f1c); --line: light-dark(#e4dfd5, #35322d);
  --edge: light-dark(#8b857a, #7d776d); --bad: light-dark(#a4262c, #f1868b); --on-accent: light-dark(#fff, #171614);
  --accent: light-dark(oklch(.45 .1 var(--hue)), oklch(.8 .1 var(--hue))); }
* { box-sizing: border-box; }
body { margin: 0; border-top: .3rem solid var(--accent); background: var(--paper); color: var(--ink); font: 16px/1.55 ui-sans-serif, system-ui, sans-serif; }
main, footer { max-width: 46rem; margin: 0 auto; padding: 0 clamp(1rem, 4vw, 1.5rem); }
main { padding-top: clamp(1.25rem, 5vw, 3rem); }
.wide main, .wide footer { max-width: 68rem; }
footer { padding-top: 2rem; padding-bottom: 2.5rem; }
footer ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; margin: 0; padding: 1rem 0 0; border-top: 1px solid var(--line); font-size: .9rem; }
.head { display: flex; flex-wrap: wrap; gap: .2rem 1rem; align-items: baseline; justify-content: space-between; margin-bottom: 1.5rem; }
h1 { font: 600 clamp(1.7rem, 6vw, 2.5rem)/1.15 ui-serif, Georgia, serif; letter-spacing: -.01em; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1rem; margin: 2.25rem 0 .75rem; }
p { margin: .5rem 0 1rem; max-width: 40rem; overflow-wrap: anywhere; text-wrap: pretty; }
a { color: var(--accent); text-underline-offset: .2em; }
code, .mono { font: .86em/1.5 ui-monospace, SFMono-Regular, Menlo, monospace; }
.soft { color: var(--soft); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; }
.facts { display: flex; flex-wrap: wrap; gap: 1px; overflow: hidden; margin: 0 0 1rem; background: var(--line); }
.facts div { background: var(--card); padding: .7rem 1rem; flex: 1 1 10rem; min-width: 0; }
.facts dt { color: var(--soft); font-size: .8rem; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
ul.list { list-style: none; margin: 0; padding: 0; }
ul.list > li { display: flex; flex-wrap: wrap; gap: .5rem .75rem; align-items: center; padding: .7rem 1rem; border-top: 1px solid var(--line); }
ul.list > li { scroll-margin-top: 18rem; }
ul.list > li:first-child { border-top: 0; border-radius: .7rem .7rem 0 0; }
ul.list > li:last-child { border-radius: 0 0 .7rem .7rem; }
ul.list > li:only-child { border-radius: .7rem; }
.grow { flex: 1 1 12rem; min-width: 0; overflow-wrap: anywhere; }
.list .grow { flex-basis: auto; }
@media (max-width: 32rem) { a + .soft { display: block; } }
.empty { padding: 1.5rem 1rem; margin: 0; max-width: none; text-align: center; color: var(--soft); border-style: dashed; }
form.row { display: flex; flex-wrap: wrap; gap: .6rem; align-items: end; margin: 0 0 1.25rem; }
.acts { display: flex; gap: .5rem; margin-left: auto; align-items: center; }
label { font-size: .85rem; color: var(--soft); display: block; margin-bottom: .2rem; }
input { font: inherit; color: inherit; width: 100%; min-height: 2.75rem; padding: .5rem .75rem; border: 1px solid var(--edge); border-radius: .5rem; background: var(--card); scroll-margin-top: 9rem; }
input[aria-invalid] { border-color: var(--bad); }
::placeholder { color: var(--soft); opacity: 1; }
button { font: inherit; font-weight: 550; padding: .5rem .95rem; min-height: 2.75rem; border: 1px solid transparent; border-radius: .5rem; background: var(--accent); color: var(--on-accent); cursor: pointer; }
button:hover { filter: brightness(1.08); }
button.quiet { background: transparent; border-color: var(--line); color: var(--ink); font-weight: 450; }
button.bad { background: transparent; border-color: var(--line); color: var(--bad); font-weight: 450; }
button.quiet:hover, button.bad:hover { filter: none; border-color: currentColor; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
:target:not(input) { background: color-mix(in oklab, var(--accent) 9%, transparent); outline: 0; }
.state { font-size: .8rem; border: 1px solid var(--edge); border-radius: 1rem; padding: .1rem .6rem; }
.state.active { color: var(--accent); border-color: currentColor; }
.state.suspended, .state.failed { color: var(--bad); border-color: currentColor; }
.alert, .done { border-left: 4px solid var(--bad); padding: .6rem 1rem; margin: 0 0 1.5rem; max-width: none; background: var(--card); }
.done { border-color: var(--accent); }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
[popover] { width: min(26rem, calc(100vw - 2rem)); padding: 1.25rem; color: inherit; background: var(--card); border: 1px solid var(--edge); border-radius: .75rem; }
[popover] form.row { margin: 0; }
[popover] h2 { margin-top: 0; }
::backdrop { background: #0008; }
.windows { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 21rem), 1fr)); gap: 1.25rem; margin-bottom: 1.5rem; }
.windows figure { margin: 0; overflow: hidden; box-shadow: 0 .5rem 2rem #0000000f; }
.windows figcaption { padding: .55rem 1rem; border-bottom: 1px solid var(--line); text-align: center; overflow-wrap: anywhere; }
iframe { display: block; width: 100%; height: 27rem; border: 0; }
`);
