import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect, type RouterHistory } from "@tanstack/react-router";
import { type CallFilter, FILTERS } from "./api/calls";
import { live, queryClient, session } from "./api/queries";
import { pageCode } from "./components/page-code";
import { NotFound, PageFailed, Shell } from "./components/shell";
import { readRange, type RangeSearch } from "./lib/range";

type Raw = Record<string, unknown>;

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

const instant = (value: unknown): string | undefined => (Number.isNaN(Date.parse(String(value))) ? undefined : text(value));

const oneOf = <V extends string>(value: unknown, choices: readonly V[]): V | undefined => choices.find((choice) => choice === value);

const root = createRootRoute({ notFoundComponent: NotFound, errorComponent: PageFailed });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  component: lazyRouteComponent(pageCode(() => import("./features/identity/SignInPage"))),
  validateSearch: (raw: Raw): { next?: string } => ({ next: text(raw.next) }),
});

/** Everything behind the sign-in. */
const inside = createRoute({
  getParentRoute: () => root,
  id: "inside",
  component: Shell,
  beforeLoad: async ({ location }) => {
    const now = await queryClient.ensureQueryData(session);
    if (!now.signedIn || now.passwordSet === false) {
      throw redirect({ to: "/sign-in", search: location.href === "/" ? {} : { next: location.href } });
    }
    // Before the page asks for anything, so that little is asked twice.
    live.start();
  },
});

export interface OverviewSearch extends RangeSearch {
  zone?: string;
  bucket?: "hour" | "day" | "week" | "month";
  by?: "model" | "key" | "member";
}

const overview = createRoute({
  getParentRoute: () => inside,
  path: "/",
  component: lazyRouteComponent(pageCode(() => import("./features/dataplane/OverviewPage"))),
  validateSearch: (raw: Raw): OverviewSearch => ({
    ...readRange(raw),
    zone: text(raw.zone),
    bucket: oneOf(raw.bucket, ["hour", "day", "week", "month"]),
    by: oneOf(raw.by, ["model", "key", "member"]),
  }),
});

const calls = createRoute({
  getParentRoute: () => inside,
  path: "/calls",
  component: lazyRouteComponent(pageCode(() => import("./features/dataplane/CallsPage"))),
  validateSearch: (raw: Raw): CallFilter =>
    Object.fromEntries(FILTERS.map((name) => [name, name === "from" || name === "to" ? instant(raw[name]) : text(raw[name])])),
});

const call = createRoute({
  getParentRoute: () => inside,
  path: "/calls/$callId",
  component: lazyRouteComponent(pageCode(() => import("./features/dataplane/CallPage"))),
});

const sessions = createRoute({
  getParentRoute: () => inside,
  path: "/sessions",
  component: lazyRouteComponent(pageCode(() => import("./features/dataplane/SessionsPage"))),
  validateSearch: (raw: Raw): RangeSearch => readRange(raw),
});

const sessionTree = createRoute({
  getParentRoute: () => inside,
  path: "/sessions/tree",
  component: lazyRouteComponent(pageCode(() => import("./features/dataplane/SessionPage"))),
  // Clients choose the ids, slashes and dots included: no place for one in a path.
  validateSearch: (raw: Raw): { sessionId: string } => ({ sessionId: text(raw.sessionId) ?? "" }),
  beforeLoad: ({ search }) => {
    if (!search.sessionId) throw redirect({ to: "/sessions" });
  },
});

const keys = createRoute({
  getParentRoute: () => inside,
  path: "/keys",
  component: lazyRouteComponent(pageCode(() => import("./features/teams/KeysPage"))),
  validateSearch: (raw: Raw): { create?: "yes" } => ({ create: oneOf(raw.create, ["yes"]) }),
});

const providers = createRoute({
  getParentRoute: () => inside,
  path: "/providers",
  component: lazyRouteComponent(pageCode(() => import("./features/dataplane/ProvidersPage"))),
});

const connect = createRoute({
  getParentRoute: () => inside,
  path: "/connect",
  component: lazyRouteComponent(pageCode(() => import("./features/connect/ConnectPage"))),
});

const account = createRoute({
  getParentRoute: () => inside,
  path: "/account",
  component: lazyRouteComponent(pageCode(() => import("./features/identity/AccountPage"))),
});

const elsewhere = createRoute({ getParentRoute: () => inside, path: "$", component: NotFound });

export const consoleRouter = (history?: RouterHistory) =>
  createRouter({
    history,
    routeTree: root.addChildren([signIn, inside.addChildren([overview, calls, call, sessions, sessionTree, keys, providers, connect, account, elsewhere])]),
    defaultPreload: "intent",
    defaultErrorComponent: PageFailed,
    scrollRestoration: true,
    // Plain `name=value` pairs, so that an address can be read, written by hand and linked to from outside.
    parseSearch: (search) => Object.fromEntries(new URLSearchParams(search)),
    stringifySearch: (search) => {
      const pairs = Object.entries(search).filter(([, value]) => value !== undefined && value !== null && value !== "");
      const encoded = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
      return encoded ? `?${encoded}` : "";
    },
  });

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof consoleRouter>;
  }
}
