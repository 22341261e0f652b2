package io.bellfounder.server.operation;

import org.jspecify.annotations.Nullable;

/** Something that can be away while the process goes on. Beans of this type show in health. */
public interface HealthPart {
  /** One word, such as {@code database}. */
  String name();

  /** One line without secrets, or {@code null} if all is well. Answers at once. */
  @Nullable String problem();
}
