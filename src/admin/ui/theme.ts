import { useEffect, useState } from "preact/hooks";

/** `auto` follows the system. */
export type Theme = "auto" | "dark" | "light";

const KEY = "kirayedar.theme";

/** Puts the theme that was chosen last on the page, before anything is drawn. */
export function applyStoredTheme(): void {
  apply(readTheme());
}

/** The theme, and what changes it and remembers that. */
export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(readTheme);
  useEffect(() => {
    apply(theme);
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // A browser that keeps nothing forgets the choice with the page.
    }
  }, [theme]);
  return [theme, setTheme];
}

function readTheme(): Theme {
  try {
    const stored = localStorage.getItem(KEY);
    return stored === "dark" || stored === "light" ? stored : "auto";
  } catch {
    return "auto";
  }
}

function apply(theme: Theme): void {
  const root = document.documentElement;
  if (theme === "auto") delete root.dataset["theme"];
  else root.dataset["theme"] = theme;
}
