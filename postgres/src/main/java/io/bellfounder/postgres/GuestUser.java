package io.bellfounder.postgres;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * As whom, and through which wrappers, PostgreSQL's programs run. They refuse root, so root runs
 * them as {@code nobody}, or as the user whose cluster it already is. Where {@code setpriv} exists
 * they get SIGINT, PostgreSQL's word for a fast clean stop, when the thread that started them dies
 * with the process; without it an orphan is stopped at the next start instead.
 */
final class GuestUser {
  /** PostgreSQL's priority, on the scale of {@code nice}: others of the usual weigh nine times. */
  static final int NICE = 10;

  private static final Path MOUNT_POINT = Path.of("/mnt");

  /** The caller's others may be secrets, which the guest has no business with. */
  private static final Set<String> VARIABLES = Set.of("PATH", "LD_LIBRARY_PATH", "TMPDIR");

  private final List<String> wrappers;
  private final Path directory;
  private final Path seenAs;
  private final long uid;
  private final long gid;

  private GuestUser(List<String> wrappers, Path directory, Path seenAs, long uid, long gid) {
    this.wrappers = List.copyOf(wrappers);
    this.directory = directory;
    this.seenAs = seenAs;
    this.uid = uid;
    this.gid = gid;
  }

  /**
   * Finds a way that works on this machine, by trying it.
   *
   * @param directory what the programs must reach
   */
  static GuestUser of(Path directory) throws IOException {
    boolean root = run(List.of("id", "-u")).said().equals("0");
    // A group of its own keeps Ctrl-C at a terminal away from PostgreSQL: we stop it, in order.
    List<String> session = works("setsid", "true") ? List.of("setsid") : List.of();
    if (!root) {
      refuseNameless(directory);
      List<String> bound = new ArrayList<>(session);
      if (works("setpriv", "--pdeathsig", "INT", "true")) {
        bound.addAll(List.of("setpriv", "--pdeathsig", "INT"));
      }
      return new GuestUser(bound, directory, directory, -1, -1);
    }
    return asAnother(directory, session);
  }

  /** PostgreSQL looks its user up, and containers run under ids that nobody has written down. */
  private static void refuseNameless(Path directory) {
    if (!works("id", "-un")) {
      throw new PostgresException(
          "PostgreSQL does not run in "
              + directory
              + " because this process's user id has no name. Give it an entry in /etc/passwd, start"
              + " as a user that has one, or set BELL_DATABASE_URL to a PostgreSQL of your own.");
    }
  }

  private static GuestUser asAnother(Path directory, List<String> session) throws IOException {
    Path cluster = directory.resolve("cluster");
    boolean owned = Files.isDirectory(cluster) && id(cluster, "unix:uid") != 0;
    long uid = owned ? id(cluster, "unix:uid") : nobody("-u", directory);
    long gid = owned ? id(cluster, "unix:gid") : nobody("-g", directory);
    List<String> change =
        List.of(
            "setpriv",
            "--reuid=" + uid,
            "--regid=" + gid,
            "--clear-groups",
            "--no-new-privs",
            "--pdeathsig=INT");
    Said tried = run(append(change, List.of("true")));
    if (tried.code() != 0) {
      throw refused(directory, "setpriv says: " + tried.said());
    }
    // Our own directory; the files in it that hold secrets are readable by root alone.
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwx--x--x"));
    List<String> plain = append(session, change);
    if (run(append(plain, List.of("test", "-x", directory.toString()))).code() == 0) {
      return new GuestUser(plain, directory, directory, uid, gid);
    }
    // A directory above it, such as /root, is closed to nobody. Show it under another name, in a
    // mount namespace that only PostgreSQL sees.
    String bind = "mount --bind \"$1\" \"$2\" && shift 2 && exec \"$@\"";
    List<String> shown =
        append(
            append(session, List.of("unshare", "--mount", "sh", "-c", bind, "sh")),
            append(List.of(directory.toString(), MOUNT_POINT.toString()), change));
    if (run(append(shown, List.of("test", "-x", MOUNT_POINT.toString()))).code() == 0) {
      return new GuestUser(shown, directory, MOUNT_POINT, uid, gid);
    }
    throw new PostgresException(
        "PostgreSQL does not run as root, so it runs as nobody, and nobody may not enter "
            + directory
            + " because a directory above it is closed. Use a data directory that others may enter,"
            + " such as --data /var/lib/bellfounder, or start as an ordinary user.");
  }

  private static long id(Path path, String attribute) throws IOException {
    return ((Number) Files.getAttribute(path, attribute)).longValue();
  }

  private static long nobody(String which, Path directory) throws IOException {
    Said id = run(List.of("id", which, "nobody"));
    if (id.code() != 0) {
      throw refused(directory, "there is no user nobody");
    }
    return Long.parseLong(id.said());
  }

  private static PostgresException refused(Path directory, String why) {
    return new PostgresException(
        "PostgreSQL does not run as root, and this machine does not let root start it as nobody for "
            + directory
            + " ("
            + why
            + "). Install util-linux (setpriv), start as an ordinary user, or set BELL_DATABASE_URL"
            + " to a PostgreSQL of your own.");
  }

  /**
   * The command in the background: where both want the processor, what serves a caller goes first.
   */
  List<String> inBackground(List<String> command) {
    List<String> nice = List.of("nice", "-n", Integer.toString(NICE));
    return works(append(nice, List.of("true")).toArray(String[]::new))
        ? append(nice, command)
        : command;
  }

  /** A command that runs as this user. */
  ProcessBuilder command(List<String> command) {
    return withoutSecrets(append(wrappers, command));
  }

  private static ProcessBuilder withoutSecrets(List<String> command) {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().keySet().retainAll(VARIABLES);
    builder.environment().put("LC_ALL", "C");
    return builder;
  }

  /** The name under which this user finds a path of ours. */
  String seen(Path path) {
    return (path.startsWith(directory) ? seenAs.resolve(directory.relativize(path)) : path)
        .toString();
  }

  /** Hands a file or an empty directory to this user. */
  void give(Path path) throws IOException {
    if (uid >= 0) {
      Files.setAttribute(path, "unix:uid", (int) uid);
      Files.setAttribute(path, "unix:gid", (int) gid);
    }
  }

  private static boolean works(String... command) {
    try {
      return run(List.of(command)).code() == 0;
    } catch (IOException missing) {
      // The program does not exist here, which is the answer.
      return false;
    }
  }

  /** Runs a command that ends by itself within 10 s and says little. */
  static Said run(List<String> command) throws IOException {
    Process process = withoutSecrets(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IOException(command.getFirst() + " did not end within 10 s");
      }
      byte[] said = process.getInputStream().readNBytes(4096);
      return new Said(process.exitValue(), new String(said, StandardCharsets.UTF_8).strip());
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private static List<String> append(List<String> first, List<String> second) {
    List<String> all = new ArrayList<>(first);
    all.addAll(second);
    return all;
  }

  /** How a command ended and what it printed. */
  record Said(int code, String said) {}
}
