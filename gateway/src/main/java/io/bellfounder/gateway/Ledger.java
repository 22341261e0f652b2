package io.bellfounder.gateway;

/**
 * Where calls are written down. {@link #opened} returns once the record is in the operating
 * system's hands, before the first byte goes to a provider; {@link #settled} likewise before the
 * last byte goes to the client, so that the process may be killed at any moment. Called on event
 * loops; a write is a short append.
 */
public interface Ledger {

  /**
   * @throws LedgerUnavailable if the record cannot be written, for instance on a full disk: the
   *     call is then refused rather than served unmetered
   */
  void opened(OpenedCall call);

  /** Exactly once per opened call. */
  void settled(SettledCall call);

  /** The ledger cannot take a new call. The message says why and what an operator can do. */
  final class LedgerUnavailable extends RuntimeException {
    public LedgerUnavailable(String message, Throwable cause) {
      super(message, cause);
    }
  }
}
