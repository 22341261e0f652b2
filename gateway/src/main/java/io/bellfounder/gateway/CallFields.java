package io.bellfounder.gateway;

/**
 * The numbers of the fields in the spool's records. A number keeps its meaning for ever; new fields
 * get new ones, below {@value #LIMIT}. docs/wire/spool.md lists them for other readers.
 */
final class CallFields {
  /** All numbers are below it; a higher one is of a later version. */
  static final int LIMIT = 32;

  static final int VERSION_NOW = 1;

  record Field(int number, String name) {}

  static final Field VERSION = new Field(1, "v");

  private CallFields() {}

  static final class Opened {
    static final Field ID = new Field(2, "id");
    static final Field NODE = new Field(3, "node");
    static final Field KEY = new Field(4, "key");
    static final Field DIALECT = new Field(5, "dialect");
    static final Field OPERATION = new Field(6, "operation");
    static final Field REQUESTED_MODEL = new Field(7, "requestedModel");
    static final Field ROUTE = new Field(8, "route");
    static final Field PROVIDER = new Field(9, "provider");
    static final Field TARGET_MODEL = new Field(10, "targetModel");
    static final Field STREAMING = new Field(11, "streaming");
    static final Field OPENED_AT = new Field(12, "openedAt");
    static final Field REQUEST_BYTES = new Field(13, "requestBytes");
    static final Field ESTIMATED_INPUT_TOKENS = new Field(14, "estimatedInputTokens");
    static final Field MAX_OUTPUT_TOKENS = new Field(15, "maxOutputTokens");
    static final Field PRICE = new Field(16, "price");
    static final Field SESSION_ID = new Field(17, "sessionId");
    static final Field AGENT_ID = new Field(18, "agentId");
    static final Field PARENT_AGENT_ID = new Field(19, "parentAgentId");
    static final Field USER_AGENT = new Field(20, "userAgent");
    static final Field CLIENT_REQUEST_ID = new Field(21, "clientRequestId");

    private Opened() {}
  }

  static final class Settled {
    static final Field OPENED = new Field(2, "opened");
    static final Field OUTCOME = new Field(3, "outcome");
    static final Field STATUS = new Field(4, "status");
    static final Field ERROR_TYPE = new Field(5, "errorType");
    static final Field PROVIDER = new Field(6, "provider");
    static final Field TARGET_MODEL = new Field(7, "targetModel");
    static final Field ATTEMPT = new Field(8, "attempt");
    static final Field USAGE = new Field(9, "usage");
    static final Field ESTIMATED = new Field(10, "estimated");
    static final Field RAW_USAGE = new Field(11, "rawUsage");
    static final Field PRICE = new Field(12, "price");
    static final Field COST_PICO = new Field(13, "costPico");
    static final Field SETTLED_AT = new Field(14, "settledAt");
    static final Field TTFB_MILLIS = new Field(15, "ttfbMillis");
    static final Field DURATION_MILLIS = new Field(16, "durationMillis");
    static final Field RESPONSE_BYTES = new Field(17, "responseBytes");

    private Settled() {}
  }

  static final class Key {
    static final Field ID = new Field(1, "id");
    static final Field NAME = new Field(2, "name");
    static final Field ORGANISATION_ID = new Field(3, "organisationId");
    static final Field MEMBER_ID = new Field(4, "memberId");
    static final Field EXPIRES_AT = new Field(5, "expiresAt");

    private Key() {}
  }

  static final class Tried {
    static final Field ORDINAL = new Field(1, "ordinal");
    static final Field PROVIDER = new Field(2, "provider");
    static final Field MODEL = new Field(3, "model");
    static final Field STARTED_AT = new Field(4, "startedAt");
    static final Field OUTCOME = new Field(5, "outcome");
    static final Field STATUS = new Field(6, "status");
    static final Field PROVIDER_REQUEST_ID = new Field(7, "providerRequestId");
    static final Field TTFB_MILLIS = new Field(8, "ttfbMillis");
    static final Field DURATION_MILLIS = new Field(9, "durationMillis");
    static final Field DETAIL = new Field(10, "detail");

    private Tried() {}
  }

  static final class Tokens {
    static final Field INPUT = new Field(1, "input");
    static final Field CACHE_WRITE_5M = new Field(2, "cacheWrite5m");
    static final Field CACHE_WRITE_1H = new Field(3, "cacheWrite1h");
    static final Field CACHE_READ = new Field(4, "cacheRead");
    static final Field OUTPUT = new Field(5, "output");

    private Tokens() {}
  }

  static final class Priced {
    static final Field VERSION = new Field(1, "version");
    static final Field KNOWN = new Field(2, "known");
    static final Field INPUT_PICO = new Field(3, "inputPico");
    static final Field CACHE_WRITE_5M_PICO = new Field(4, "cacheWrite5mPico");
    static final Field CACHE_WRITE_1H_PICO = new Field(5, "cacheWrite1hPico");
    static final Field CACHE_READ_PICO = new Field(6, "cacheReadPico");
    static final Field OUTPUT_PICO = new Field(7, "outputPico");

    private Priced() {}
  }
}
