package io.bellfounder.gateway;

import io.bellfounder.wire.Dialect;
import java.util.List;
import java.util.Optional;

/**
 * Where a model name leads. Called on event loops: answers from an immutable snapshot, never
 * blocks.
 */
public interface RouteTable {

  /**
   * The route for the model name as the client wrote it, or empty if no provider of that dialect
   * serves it.
   */
  Optional<Route> route(Dialect dialect, String model);

  /**
   * The models to list at {@code /v1/models}. Empty for a dialect without configured routes; the
   * gateway then asks the first provider of the dialect.
   */
  List<ListedModel> models(Dialect dialect);

  /** All providers, in configured order. */
  List<Provider> providers();

  /** A model as a client's picker shows it. */
  record ListedModel(String id, String displayName) {}
}
