package io.bellfounder.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** What was measured, for people and for machines. */
final class Figures {
  /**
   * One figure.
   *
   * @param unit such as {@code req/s}, {@code ms}, {@code us/req}, {@code MiB}, {@code ratio}
   */
  record Figure(String work, String subject, int concurrency, double value, String unit) {}

  private final String name;
  private final List<Figure> figures = new ArrayList<>();

  Figures(String name) {
    this.name = name;
  }

  void add(String work, String subject, int concurrency, double value, String unit) {
    figures.add(new Figure(work, subject, concurrency, value, unit));
  }

  void write(Path file) throws IOException {
    StringBuilder json = new StringBuilder();
    json.append(
        "{\"name\":\"%s\",\"commit\":\"%s\",\"machine\":\"%s\",\"figures\":["
            .formatted(name, commit(), machine()));
    for (int i = 0; i < figures.size(); i++) {
      Figure figure = figures.get(i);
      json.append(i == 0 ? "\n" : ",\n")
          .append(
              String.format(
                  Locale.ROOT,
                  "{\"work\":\"%s\",\"subject\":\"%s\",\"concurrency\":%d,\"value\":%.4f,\"unit\":\"%s\"}",
                  figure.work(),
                  figure.subject(),
                  figure.concurrency(),
                  figure.value(),
                  figure.unit()));
    }
    Files.writeString(file, json.append("\n]}\n"));
  }

  static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).toArray();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /** Where the project is, as {@code ./bell} says it; else the directory one is in. */
  static Path root() {
    return Path.of(System.getProperty("bell.root", "")).toAbsolutePath();
  }

  static String commit() {
    try {
      Process git =
          new ProcessBuilder("git", "rev-parse", "--short", "HEAD")
              .directory(root().toFile())
              .start();
      String text =
          new String(git.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8)
              .strip();
      return git.waitFor() == 0 ? text : "unknown";
    } catch (IOException e) {
      return "unknown";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "unknown";
    }
  }

  static String machine() {
    Runtime runtime = Runtime.getRuntime();
    return "%d cores, %s %s, Java %s"
        .formatted(
            runtime.availableProcessors(),
            System.getProperty("os.name"),
            System.getProperty("os.arch"),
            System.getProperty("java.version"));
  }
}
