package io.bellfounder.server.audit;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/**
 * What is written down of a change.
 *
 * @param action what was done, such as {@code key.created}
 * @param subject the id of what it was done to
 * @param detail never a secret
 */
public record AuditEntry(
    UUID organisation,
    Actor actor,
    String action,
    String subject,
    SortedMap<String, String> detail) {

  public AuditEntry(
      UUID organisation, Actor actor, String action, String subject, Map<String, String> detail) {
    this(organisation, actor, action, subject, new TreeMap<>(detail));
  }

  public AuditEntry(UUID organisation, Actor actor, String action, Object subject) {
    this(organisation, actor, action, subject.toString(), new TreeMap<>());
  }
}
