/** What the server's API answers, as its contract says. Instants are ISO 8601 in UTC, money is pico-dollars in a string. */

export type Instant = string;
export type Pico = string;

export interface Named {
  id: string;
  name: string;
}

export interface Session {
  signedIn: boolean;
  setupRequired: boolean;
  member: { id: string; email: string; name: string; role: string } | null;
  organisation: Named | null;
  passwordSet: boolean;
  version: string;
}

export interface Page<T> {
  items: T[];
  nextCursor: string | null;
}

export interface Key {
  id: string;
  name: string;
  prefix: string;
  createdAt: Instant;
  createdBy: Named | null;
  expiresAt: Instant | null;
  lastUsedAt: Instant | null;
  revokedAt: Instant | null;
  status: "active" | "expired" | "revoked";
}

export interface CreatedKey {
  key: Key;
  secret: string;
}

export interface Totals {
  calls: number;
  errors: number;
  estimatedCalls: number;
  unpricedCalls: number;
  inputTokens: number;
  cacheWrite5mTokens: number;
  cacheWrite1hTokens: number;
  cacheReadTokens: number;
  outputTokens: number;
  costPico: Pico;
  cacheCostPico: Pico;
  ttfbP50Millis: number | null;
  ttfbP95Millis: number | null;
}

export type Bucket = "hour" | "day" | "week" | "month";
export type GroupBy = "model" | "key" | "member";

export interface OverviewPoint extends Totals {
  start: Instant;
}

export interface OverviewGroup extends Totals {
  id: string | null;
  name: string;
}

export interface Overview {
  from: Instant;
  to: Instant;
  zone: string;
  bucket: Bucket;
  totals: Totals;
  series: OverviewPoint[];
  groups: OverviewGroup[] | null;
  groupSeries: { start: Instant; groupId: string | null; costPico: Pico; calls: number }[] | null;
}

export type Outcome = "completed" | "failed" | "refused" | "aborted" | "cut" | "interrupted";

/** What a provider counted; null where it said nothing, which is not zero. */
export interface Usage {
  input: number | null;
  cacheWrite5m: number | null;
  cacheWrite1h: number | null;
  cacheRead: number | null;
  output: number | null;
}

export interface Call {
  id: string;
  openedAt: Instant;
  settledAt: Instant | null;
  state: "open" | "settled";
  outcome: Outcome | null;
  key: Named;
  member: Named | null;
  dialect: "anthropic" | "openai";
  operation: string;
  requestedModel: string;
  route: string | null;
  provider: string | null;
  targetModel: string | null;
  streaming: boolean;
  status: number | null;
  errorType: string | null;
  usage: Usage;
  estimated: boolean;
  unpriced: boolean;
  costPico: Pico | null;
  ttfbMillis: number | null;
  durationMillis: number | null;
  requestBytes: number;
  responseBytes: number | null;
  attemptCount: number;
  sessionId: string | null;
  agentId: string | null;
  parentAgentId: string | null;
  userAgent: string | null;
  node: string;
}

export interface Attempt {
  ordinal: number;
  provider: string;
  model: string;
  startedAt: Instant;
  outcome: string;
  status: number | null;
  providerRequestId: string | null;
  ttfbMillis: number | null;
  durationMillis: number;
  detail: string | null;
}

export type TokenClass = "input" | "cache_write_5m" | "cache_write_1h" | "cache_read" | "output";

export interface CostLine {
  class: TokenClass;
  tokens: number;
  pricePico: Pico;
  costPico: Pico;
}

export interface CallDetail extends Call {
  attempts: Attempt[];
  price: {
    version: string;
    known: boolean;
    source: string | null;
    effectiveFrom: Instant | null;
  } | null;
  cost: { lines: CostLine[]; totalPico: Pico };
  rawUsage: unknown;
  clientRequestId: string | null;
}

export interface SessionSummary {
  sessionId: string;
  firstCallAt: Instant;
  lastCallAt: Instant;
  calls: number;
  agents: number;
  costPico: Pico;
  inputTokens: number;
  cacheReadTokens: number;
  outputTokens: number;
  models: string[];
  key: Named;
  errors: number;
}

export interface AgentNode {
  agentId: string | null;
  parentAgentId: string | null;
  label: string;
  calls: number;
  costPico: Pico;
  totalCostPico: Pico;
  inputTokens: number;
  cacheReadTokens: number;
  outputTokens: number;
  firstCallAt: Instant | null;
  lastCallAt: Instant | null;
  children: AgentNode[];
}

export interface SessionDetail {
  sessionId: string;
  totals: Totals;
  root: AgentNode;
}

export interface Target {
  route: string;
  model: string;
  breaker: { state: "closed" | "open" | "half_open"; failures: number; openUntil: Instant | null };
  waitUntil: Instant | null;
  /** `callId` is null where the call is another organisation's. */
  lastError: { at: Instant; outcome: string; status: number | null; detail: string | null; callId: string | null } | null;
  lastSuccessAt: Instant | null;
  callsLastHour: number;
  errorsLastHour: number;
}

export interface Provider {
  name: string;
  dialect: "anthropic" | "openai";
  baseUrl: string;
  credential: string;
  source: "environment" | "configuration";
  health: "healthy" | "degraded" | "down" | "unknown";
  targets: Target[];
}

export interface Route {
  name: string;
  dialect: string;
  targets: { provider: string; /** null where the name asked for is passed on */ model: string | null }[];
}

export interface Connect {
  baseUrl: string;
  modelExamples: { anthropic: string; openai: string };
  firstCall: { id: string; at: Instant; keyName: string; model: string } | null;
}
