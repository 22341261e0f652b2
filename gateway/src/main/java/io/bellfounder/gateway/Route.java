package io.bellfounder.gateway;

import java.util.List;

/**
 * A public model name and its targets, tried in order.
 *
 * @param name the model name clients ask for; for a route that stands for any name of a provider,
 *     that provider's name
 * @param targets at least one, all of one dialect
 */
public record Route(String name, List<Target> targets) {
  public Route {
    targets = List.copyOf(targets);
    if (targets.isEmpty()) {
      throw new IllegalArgumentException("route " + name + " has no target");
    }
  }
}
