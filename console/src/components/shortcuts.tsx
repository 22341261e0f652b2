import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { setTheme } from "../lib/preferences";

export const places = [
  { key: "o", to: "/", label: "Overview" },
  { key: "c", to: "/calls", label: "Calls" },
  { key: "s", to: "/sessions", label: "Sessions" },
  { key: "k", to: "/keys", label: "Keys" },
  { key: "p", to: "/providers", label: "Providers" },
  { key: "n", to: "/connect", label: "Connect" },
  { key: "a", to: "/account", label: "Account" },
] as const;

const SEQUENCE_MILLIS = 1200;

const typing = (target: EventTarget | null) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) && !(target instanceof HTMLInputElement && target.type === "radio");

/** `g` and a letter goes to a page, `t` changes light and dark, `?` lists them all. */
export function useShortcuts({ openList }: { openList: () => void }) {
  const navigate = useNavigate();
  useEffect(() => {
    let went = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
      if (document.querySelector('[role="dialog"], [role="menu"]')) return;
      const place = places.find(({ key }) => key === event.key);
      if (event.timeStamp - went < SEQUENCE_MILLIS && place) {
        went = 0;
        event.preventDefault();
        void navigate({ to: place.to });
        return;
      }
      went = event.key === "g" ? event.timeStamp : 0;
      if (event.key === "?") {
        event.preventDefault();
        openList();
      } else if (event.key === "t") {
        const dark = getComputedStyle(document.documentElement).colorScheme === "dark" || (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
        setTheme(dark ? "light" : "dark");
      } else if (event.key === "/") {
        const filter = document.querySelector<HTMLElement>("[data-shortcut='filter']");
        if (filter) {
          event.preventDefault();
          filter.focus();
        }
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [navigate, openList]);
}
