package io.bellfounder.postgres;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/**
 * Lowers the priority of PostgreSQL's sessions, where Linux shares processors among sessions before
 * it looks at processes ({@code kernel.sched_autogroup_enabled}, on by default, in force where no
 * control group is). Each of PostgreSQL's processes is a session of its own, so {@code nice} counts
 * for nothing there, and one of them that computes would get as much as the whole server. Linux has
 * a priority of the session for that: sched(7), "The autogroup feature". Elsewhere, and where it is
 * not ours to change, everything stays as it is.
 */
final class SessionPriority {
  /** How often in a row Linux may put us off before a session keeps its priority. */
  private static final int REFUSALS_MAX = 50;

  private final Path processes;
  private final long parent;
  private final String priority;
  private final Set<String> told = new HashSet<>();
  private int refusals;

  /**
   * @param parent the process whose children are meant
   * @param nice on the scale of {@code nice}
   */
  SessionPriority(Path processes, long parent, int nice) {
    this.processes = processes;
    this.parent = parent;
    this.priority = Integer.toString(nice);
  }

  /**
   * Looks for children that came since.
   *
   * @return {@code false} if some are left: Linux lets an ordinary user change ten a second
   */
  boolean lower() {
    Set<String> children = children();
    told.retainAll(children);
    for (String child : children) {
      if (!told.contains(child)) {
        if (!tell(processes.resolve(child).resolve("autogroup")) && ++refusals < REFUSALS_MAX) {
          return false;
        }
        refusals = 0;
        told.add(child);
      }
    }
    return true;
  }

  /** True also where there is nothing to tell, or nobody any more. */
  private boolean tell(Path session) {
    // Not by a channel: being put off (EAGAIN) is no IOException there.
    try (var told = new FileOutputStream(session.toFile())) {
      told.write(priority.getBytes(US_ASCII));
      return true;
    } catch (IOException e) {
      return !Files.isWritable(session);
    }
  }

  private Set<String> children() {
    String pid = Long.toString(parent);
    Path list = processes.resolve(pid).resolve("task").resolve(pid).resolve("children");
    try {
      String children = Files.readString(list).strip();
      return children.isEmpty() ? Set.of() : Set.of(children.split(" +"));
    } catch (IOException e) {
      // Not Linux, a kernel without this list, or the process has ended.
      return Set.of();
    }
  }
}
