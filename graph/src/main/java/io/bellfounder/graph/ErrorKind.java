package io.bellfounder.graph;

import java.security.CodeSource;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What may be stored of an error: of what kind it is, and where it was thrown. Its message may hold
 * what must not be stored, unless the engine itself has written it.
 */
final class ErrorKind {
  private ErrorKind() {}

  static String of(@Nullable Throwable error) {
    if (error == null) {
      return "unknown";
    }
    String kind = error.getClass().getName();
    StackTraceElement[] trace = error.getStackTrace();
    if (trace.length > 0 && isOurs(trace[0]) && error.getMessage() != null) {
      return kind + ": " + error.getMessage();
    }
    for (StackTraceElement frame : trace) {
      if (!isPlatform(frame) && frame.getFileName() != null && frame.getLineNumber() > 0) {
        return kind + " at " + frame.getFileName() + ":" + frame.getLineNumber();
      }
    }
    return kind;
  }

  private static boolean isPlatform(StackTraceElement frame) {
    return frame.getClassName().matches("(java|javax|jdk|sun|com\\.sun)\\..*");
  }

  /** Whether it is the engine's own code, and not a test's of the same package. */
  private static boolean isOurs(StackTraceElement frame) {
    if (!frame.getClassName().startsWith(ErrorKind.class.getPackageName() + ".")) {
      return false;
    }
    try {
      Class<?> type = Class.forName(frame.getClassName(), false, ErrorKind.class.getClassLoader());
      return Objects.equals(source(type), source(ErrorKind.class));
    } catch (ClassNotFoundException | LinkageError e) {
      // Then its message is not ours to vouch for.
      return false;
    }
  }

  private static @Nullable CodeSource source(Class<?> type) {
    return type.getProtectionDomain().getCodeSource();
  }
}
