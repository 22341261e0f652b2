import { useSyncExternalStore } from "react";
import { browserZone, isZone } from "./time";

export type Theme = "system" | "light" | "dark";

export interface Preferences {
  theme: Theme;
  zone: string;
}

/** What a person chose in this browser. public/theme.js reads the theme before the first paint. */
const THEME = "bell.theme";
const ZONE = "bell.zone";

const listeners = new Set<() => void>();
let current = read();

function stored(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function read(): Preferences {
  const theme = stored(THEME);
  const zone = stored(ZONE);
  return {
    theme: theme === "light" || theme === "dark" ? theme : "system",
    zone: zone && isZone(zone) ? zone : browserZone(),
  };
}

function store(name: string, value: string | null) {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // Storage is switched off: the choice lasts as long as the page.
  }
}

function change(next: Preferences) {
  current = next;
  if (next.theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next.theme;
  listeners.forEach((listener) => listener());
}

export function setTheme(theme: Theme) {
  store(THEME, theme === "system" ? null : theme);
  change({ ...current, theme });
}

export function setZone(zone: string) {
  store(ZONE, zone === browserZone() ? null : zone);
  change({ ...current, zone });
}

if (typeof window !== "undefined") {
  // Another tab chose.
  window.addEventListener("storage", (event) => {
    if (event.key === THEME || event.key === ZONE) change(read());
  });
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}
