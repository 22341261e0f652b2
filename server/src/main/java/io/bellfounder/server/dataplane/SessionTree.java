package io.bellfounder.server.dataplane;

import java.math.BigInteger;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The agents of a session below the main one. Clients send the parents, so they may be missing, be
 * unknown or go in a circle: such an agent hangs below the main agent, and each appears once. Trees
 * deeper than {@link #DEPTH_MAX} are flattened there.
 */
final class SessionTree {
  private static final int DEPTH_MAX = 32;

  private SessionTree() {}

  /**
   * @param costPico its own
   * @param totalCostPico with all below it
   */
  record Node(
      @Nullable String agentId,
      @Nullable String parentAgentId,
      String label,
      long calls,
      String costPico,
      String totalCostPico,
      BigInteger inputTokens,
      BigInteger cacheReadTokens,
      BigInteger outputTokens,
      @Nullable Instant firstCallAt,
      @Nullable Instant lastCallAt,
      List<Node> children) {}

  /** One agent's own sums. */
  record Agent(
      @Nullable String id,
      @Nullable String parent,
      long calls,
      BigInteger costPico,
      BigInteger inputTokens,
      BigInteger cacheReadTokens,
      BigInteger outputTokens,
      @Nullable Instant firstCallAt,
      @Nullable Instant lastCallAt) {
    static final Agent SILENT_MAIN =
        new Agent(
            null,
            null,
            0,
            BigInteger.ZERO,
            BigInteger.ZERO,
            BigInteger.ZERO,
            BigInteger.ZERO,
            null,
            null);
  }

  static Node of(List<Agent> agents) {
    Map<String, Agent> byId = new LinkedHashMap<>();
    Agent main = Agent.SILENT_MAIN;
    for (Agent agent : agents) {
      if (agent.id() == null) {
        main = agent;
      } else {
        byId.put(agent.id(), agent);
      }
    }
    Map<String, List<Agent>> below = new LinkedHashMap<>();
    for (Agent agent : byId.values()) {
      below.computeIfAbsent(parent(agent, byId), _ -> new ArrayList<>()).add(agent);
    }
    return node(main, "", below);
  }

  /** The parent's id if the way up from it ends; else the main agent's, which is empty. */
  private static String parent(Agent agent, Map<String, Agent> byId) {
    Set<String> seen = new HashSet<>();
    Agent at = agent;
    while (at != null && at.id() != null) {
      if (!seen.add(at.id()) || seen.size() > DEPTH_MAX) {
        return "";
      }
      at = at.parent() == null ? null : byId.get(at.parent());
    }
    return agent.parent() != null && byId.containsKey(agent.parent()) ? agent.parent() : "";
  }

  private static Node node(Agent agent, String id, Map<String, List<Agent>> below) {
    List<Node> children =
        below.getOrDefault(id, List.of()).stream()
            .map(child -> node(child, String.valueOf(child.id()), below))
            .toList();
    BigInteger total =
        children.stream()
            .map(child -> new BigInteger(child.totalCostPico()))
            .reduce(agent.costPico(), BigInteger::add);
    return new Node(
        agent.id(),
        agent.parent(),
        agent.id() == null ? "main" : agent.id(),
        agent.calls(),
        agent.costPico().toString(),
        total.toString(),
        agent.inputTokens(),
        agent.cacheReadTokens(),
        agent.outputTokens(),
        agent.firstCallAt(),
        agent.lastCallAt(),
        children);
  }
}
