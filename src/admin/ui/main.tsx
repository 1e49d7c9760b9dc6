import { render } from "preact";
import { App } from "./app.tsx";
import { applyStoredTheme } from "./theme.ts";

applyStoredTheme();
const root = document.getElementById("app");
if (root !== null) render(<App />, root);
