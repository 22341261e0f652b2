package io.bellfounder.server.console;

import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Something that pages show at once.
 *
 * @param sequence counted from 1 in the life of this process
 * @param organisation whose readers hear it; {@code null} for everybody's
 * @param data what a reader of an organisation is told, made when it is told; {@code null} if that
 *     one is not concerned after all
 */
record LiveEvent(
    long sequence,
    @Nullable UUID organisation,
    String name,
    Function<UUID, @Nullable Object> data) {

  boolean concerns(UUID reader) {
    return organisation == null || organisation.equals(reader);
  }
}
