import { Link, useLocation, useRouter } from "@tanstack/react-router";
import type { MouseEvent } from "react";
import type { CallFilter } from "../api/calls";
import type { RangeSearch } from "../lib/range";
import { Icon } from "./ui/icon";

declare module "@tanstack/react-router" {
  interface HistoryState {
    /** On the page of one thing that was opened from a list: what the list was asked for. */
    list?: CallFilter | RangeSearch;
  }
}

/** To the list one came from as it was, down to where one had scrolled; to the whole list for who came by a link. */
export function BackToList({ to, children }: { to: "/calls" | "/sessions"; children: string }) {
  const list = useLocation({ select: ({ state }) => state.list });
  const { history } = useRouter();
  const back = (event: MouseEvent) => {
    if (!list || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    history.back();
  };
  return (
    <p className="mb-2">
      <Link to={to} search={list ?? {}} onClick={back} className="inline-flex items-center gap-1 text-soft hover:text-ink"><Icon name="left" /> {children}</Link>
    </p>
  );
}
