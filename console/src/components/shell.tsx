import { useQuery } from "@tanstack/react-query";
import { type ErrorComponentProps, Link, Outlet, useLocation, useNavigate, useRouter } from "@tanstack/react-router";
import { clsx } from "clsx";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { type LiveState, useLiveState } from "../api/live";
import { live, session as sessionQuery } from "../api/queries";
import { ProblemView } from "./problem";
import { useShortcuts } from "./shortcuts";
import { Button, buttonClass } from "./ui/button";
import { BellMark, Icon, type IconName } from "./ui/icon";
import { Empty, PageHeader } from "./ui/surface";

const pages = [
  { to: "/", label: "Overview", icon: "overview" },
  { to: "/calls", label: "Calls", icon: "calls" },
  { to: "/sessions", label: "Sessions", icon: "sessions" },
  { to: "/keys", label: "Keys", icon: "keys" },
  { to: "/providers", label: "Providers", icon: "providers" },
  { to: "/connect", label: "Connect", icon: "connect" },
] as const satisfies { to: string; label: string; icon: IconName }[];

const loadShortcuts = () => import("./shortcuts-dialog");
const ShortcutsDialog = lazy(loadShortcuts);

/** The frame around every page behind the sign-in. */
export function Shell() {
  const { data: session } = useQuery(sessionQuery);
  const location = useLocation();
  const navigate = useNavigate();
  // Where the menu was opened: on any other page it is closed.
  const [navOpenAt, setNavOpenAt] = useState<string | null>(null);
  const navOpen = navOpenAt === location.pathname;
  const [shortcutsOpen, setShortcutsOpen] = useState(false);
  const main = useRef<HTMLElement>(null);
  const signedIn = session?.signedIn === true;

  useEffect(() => {
    if (signedIn) live.start();
  }, [signedIn]);

  // The session ended while a page was open: sign in again, and come back here.
  // Once: this frame stays until the sign-in page has come, whose own address is no place to come back to.
  useEffect(() => {
    if (session && !session.signedIn && location.pathname !== "/sign-in") {
      void navigate({ to: "/sign-in", search: { next: location.href }, replace: true });
    }
  }, [session, navigate, location.href, location.pathname]);

  // A new page: its title, and the focus at its beginning, so that a screen reader says where one is.
  const first = useRef(true);
  useEffect(() => {
    const page = pages.findLast(({ to }) => (to === "/" ? location.pathname === "/" : location.pathname.startsWith(to)));
    const title = location.pathname === "/account" ? "Account" : page?.label;
    document.title = title ? `${title} · Bellfounder` : "Bellfounder";
    if (first.current) first.current = false;
    else main.current?.focus({ preventScroll: true });
  }, [location.pathname]);

  // Escape closes the menu wherever the focus is, and the focus goes back to what opened it.
  // Where there is room for the menu beside the page, it is no longer over it.
  const menuButton = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!navOpen) return;
    const roomy = matchMedia("(min-width: 64rem)");
    const close = () => setNavOpenAt(null);
    const escape = (event: KeyboardEvent) => {
      // Prevented: it closed what is open within the menu.
      if (event.key !== "Escape" || event.defaultPrevented) return;
      close();
      menuButton.current?.focus();
    };
    document.addEventListener("keydown", escape);
    roomy.addEventListener("change", close);
    return () => {
      document.removeEventListener("keydown", escape);
      roomy.removeEventListener("change", close);
    };
  }, [navOpen]);

  // While the server is away there is no list, and nothing else is lost.
  const openShortcuts = () => void loadShortcuts().then(() => setShortcutsOpen(true), () => undefined);
  useShortcuts({ openList: openShortcuts });

  return (
    <div className="lg:grid lg:min-h-dvh lg:grid-cols-[13.5rem_minmax(0,1fr)]">
      <a href="#main" inert={navOpen} className="sr-only z-50 rounded-lg bg-bronze-fill px-4 py-2 font-medium text-on-bronze focus:not-sr-only focus:fixed focus:top-2 focus:left-2">
        Skip to the page
      </a>
      <header className="sticky top-0 z-30 flex h-14 items-center gap-2 border-b border-line bg-surface px-3 sm:px-5 lg:hidden">
        <Button ref={menuButton} look="quiet" size="icon" aria-expanded={navOpen} aria-controls="navigation" aria-label={navOpen ? "Close the menu" : "Open the menu"} onClick={() => setNavOpenAt(navOpen ? null : location.pathname)}>
          <Icon name={navOpen ? "close" : "menu"} className="size-5" />
        </Button>
        <BellMark className="size-7" />
        <span className="font-semibold tracking-tight">Bellfounder</span>
        <div className="ml-auto"><LiveBadge short /></div>
      </header>
      <nav
        id="navigation"
        aria-label="Console"
        className={clsx(
          "z-20 flex-col border-line bg-surface max-lg:fixed max-lg:inset-x-0 max-lg:top-14 max-lg:bottom-0 max-lg:overflow-y-auto lg:sticky lg:top-0 lg:flex lg:h-dvh lg:border-r",
          navOpen ? "flex" : "max-lg:hidden",
        )}
      >
        <div className="hidden items-center gap-2.5 px-4 pt-5 pb-4 lg:flex">
          <BellMark className="size-8" />
          <div className="min-w-0">
            <p className="leading-tight font-semibold tracking-tight">Bellfounder</p>
            <p className="truncate text-xs text-faint">{session?.organisation?.name}</p>
          </div>
        </div>
        <div className="space-y-0.5 px-2.5 py-3 lg:py-1">
          {pages.map((page) => (
            <Link
              key={page.to}
              to={page.to}
              activeOptions={{ exact: page.to === "/", includeSearch: false }}
              className="flex items-center gap-3 rounded-lg px-2.5 py-2 font-medium max-lg:py-3"
              activeProps={{ className: "bg-bronze-wash text-bronze", "aria-current": "page" }}
              inactiveProps={{ className: "text-soft hover:bg-sunken hover:text-ink" }}
              onClick={() => setNavOpenAt(null)}
            >
              <Icon name={page.icon} className="size-[1.125rem]" />
              {page.label}
            </Link>
          ))}
        </div>
        <div className="mt-auto space-y-1 border-t border-line p-2.5">
          <div className="hidden px-2.5 py-1 lg:block"><LiveBadge /></div>
          <Account openShortcuts={openShortcuts} />
        </div>
      </nav>
      <main id="main" ref={main} tabIndex={-1} inert={navOpen} className="mx-auto w-full max-w-[90rem] min-w-0 px-3 py-5 outline-none sm:px-6 lg:px-8 lg:py-7">
        <Lost />
        <Outlet />
      </main>
      {shortcutsOpen && <Suspense><ShortcutsDialog open onOpenChange={setShortcutsOpen} /></Suspense>}
    </div>
  );
}

const liveWords: Record<LiveState, { label: string; dot: string; title: string }> = {
  off: { label: "Not connected", dot: "bg-faint", title: "No live updates." },
  connecting: { label: "Connecting…", dot: "bg-warn animate-pulse-soft", title: "Asking the server for live updates." },
  live: { label: "Live", dot: "bg-good", title: "What happens is shown as it happens." },
  lost: { label: "Reconnecting…", dot: "bg-bad animate-pulse-soft", title: "The connection was lost. It is tried again by itself." },
  resting: { label: "Resting", dot: "bg-faint", title: "This tab was hidden. It catches up when you look at it." },
};

function LiveBadge({ short }: { short?: boolean }) {
  const words = liveWords[useLiveState(live)];
  return (
    <p role="status" title={words.title} className="flex items-center gap-2 text-[0.8125rem] text-soft" data-testid={short ? undefined : "live-state"}>
      <span aria-hidden="true" className={clsx("size-2 rounded-full", words.dot)} />
      <span className="sr-only">Updates: </span>
      {words.label}
    </p>
  );
}

/** Said on the page only when it lasts: a short break mends itself. */
function Lost() {
  const state = useLiveState(live);
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (state !== "lost") return setShown(false);
    const timer = setTimeout(() => setShown(true), 5000);
    return () => clearTimeout(timer);
  }, [state]);
  if (!shown) return null;
  return (
    <div role="status" className="mb-4 flex flex-wrap items-center gap-3 rounded-card bg-warn-wash px-4 py-2.5 text-warn">
      <Icon name="warning" />
      <span className="grow">No connection to the server. What you see may be old; it catches up by itself.</span>
      <Button size="small" onClick={() => live.wake()}>Try now</Button>
    </div>
  );
}

const loadMenu = () => import("./account-menu");
const AccountMenu = lazy(loadMenu);
/** Ahead of the click; if it fails, the click says so, and the page stays. */
const preloadMenu = () => void loadMenu().catch(() => undefined);

/** The menu itself is fetched when somebody is about to open it. */
function Account({ openShortcuts }: { openShortcuts: () => void }) {
  const { data: session } = useQuery(sessionQuery);
  const [menu, setMenu] = useState<"closed" | "wanted" | "failed">("closed");
  const open = () => void loadMenu().then(() => setMenu("wanted"), () => setMenu("failed"));
  const trigger = (
    <button
      type="button" aria-haspopup="menu" onPointerEnter={preloadMenu} onFocus={preloadMenu} onClick={open}
      className="flex w-full items-center gap-2.5 rounded-lg px-2.5 py-2 text-left hover:bg-sunken"
    >
      <span aria-hidden="true" className="flex size-7 shrink-0 items-center justify-center rounded-full bg-bronze-wash text-bronze"><Icon name="person" /></span>
      <span className="min-w-0 grow">
        <span className="block truncate leading-tight font-medium">{session?.member?.name || "Account"}</span>
        <span className="block truncate text-xs text-faint">{session?.member?.role}</span>
      </span>
      <Icon name="chevron" className="size-4 text-faint" />
    </button>
  );
  if (menu === "wanted") return <Suspense fallback={trigger}><AccountMenu trigger={trigger} session={session} openShortcuts={openShortcuts} /></Suspense>;
  return (
    <>
      {trigger}
      {menu === "failed" && <p role="alert" className="px-2.5 text-[0.8125rem] text-bad">The menu could not be fetched. Is the server running?</p>}
    </>
  );
}

export function NotFound() {
  return (
    <>
      <PageHeader title="There is no such page" lead="The address may be mistyped, or old." />
      <Link to="/" className={buttonClass("primary")}>Go to the overview</Link>
    </>
  );
}

export function PageFailed({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  // After an update of the server, a page that was open asks for files that are gone.
  const outdated = error instanceof TypeError && /import|module/i.test(error.message);
  const retry = () => {
    if (outdated) return window.location.reload();
    reset();
    void router.invalidate();
  };
  return outdated ? (
    <Empty title="This page could not be fetched">
      <p>The server may have been updated, or cannot be reached.</p>
      <Button look="primary" onClick={retry}>Reload</Button>
    </Empty>
  ) : (
    <ProblemView problem={error} retry={retry} what="This page" />
  );
}
