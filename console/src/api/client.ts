/** An answer that is no success: RFC 9457's fields, or what could be made of a missing answer. */
export class Problem extends Error {
  readonly status: number;
  readonly code: string;
  readonly requestId: string | null;
  readonly retryAfterSeconds: number | null;
  readonly errors: { field: string; message: string }[];

  constructor(fields: {
    status: number;
    code: string;
    detail: string;
    requestId?: string | null;
    retryAfterSeconds?: number | null;
    errors?: { field: string; message: string }[];
  }) {
    super(fields.detail);
    this.status = fields.status;
    this.code = fields.code;
    this.requestId = fields.requestId ?? null;
    this.retryAfterSeconds = fields.retryAfterSeconds ?? null;
    this.errors = fields.errors ?? [];
  }
}

const TIMEOUT_MILLIS = 30_000;

type Query = Record<string, string | number | boolean | null | undefined>;

export function query(parameters: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return text ? `?${text}` : "";
}

export function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  return send<T>("GET", path, undefined, signal);
}

/** Every write carries a key; repeated with the same one, after a lost answer, it is not done twice. */
export function write<T>(method: "POST" | "PUT" | "DELETE", path: string, body?: unknown, idempotencyKey = randomId()): Promise<T> {
  return send<T>(method, path, body, undefined, idempotencyKey);
}

async function send<T>(method: string, path: string, body?: unknown, signal?: AbortSignal, idempotencyKey?: string): Promise<T> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (idempotencyKey) headers["idempotency-key"] = idempotencyKey;
  if (body !== undefined) headers["content-type"] = "application/json";
  const timeout = AbortSignal.timeout(TIMEOUT_MILLIS);
  let response: Response;
  try {
    response = await fetch(`/api/v1${path}`, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      credentials: "same-origin",
      cache: "no-store",
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new Problem({
      status: 0,
      code: timeout.aborted ? "timed_out" : "unreachable",
      detail: timeout.aborted
        ? "The server took longer than 30 seconds to answer."
        : "The server cannot be reached. Is it running, and is this machine online?",
    });
  }
  if (!response.ok) throw await problemOf(response);
  if (response.status === 204) return undefined as T;
  return (await response.json()) as T;
}

export async function problemOf(response: Response): Promise<Problem> {
  let document: Record<string, unknown> = {};
  try {
    document = (await response.json()) as Record<string, unknown>;
  } catch {
    // Not a problem document: a proxy in between, perhaps. The status says enough.
  }
  const retryAfter = Number(response.headers.get("retry-after"));
  return new Problem({
    status: response.status,
    code: typeof document.code === "string" ? document.code : `http_${response.status}`,
    detail:
      typeof document.detail === "string" && document.detail
        ? document.detail
        : `The server answered ${response.status}${response.statusText ? ` ${response.statusText}` : ""}.`,
    requestId: typeof document.requestId === "string" ? document.requestId : response.headers.get("x-request-id"),
    retryAfterSeconds: Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter : null,
    errors: Array.isArray(document.errors) ? (document.errors as { field: string; message: string }[]) : [],
  });
}

/** crypto.randomUUID exists in secure contexts only, and a console on http://10.0.0.5:8080 is none. */
export function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
