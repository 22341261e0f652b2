package io.bellfounder.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.classfile.ClassFile;
import java.lang.classfile.constantpool.MemberRefEntry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * A worker whose clock is a minute out, or a year, judges leases as all others do: nothing here
 * reads a machine's clock, so there is no clock to put wrong. What is measured by {@code nanoTime}
 * is how long something takes.
 */
class ClockTest {
  private static final Set<String> CLOCKS =
      Set.of(
          "java/lang/System.currentTimeMillis",
          "java/time/Instant.now",
          "java/time/InstantSource.system",
          "java/time/LocalDate.now",
          "java/time/LocalDateTime.now",
          "java/time/ZonedDateTime.now",
          "java/time/OffsetDateTime.now",
          "java/util/Date.<init>",
          "java/util/Calendar.getInstance");

  @Test
  void no_class_of_the_engine_reads_its_machines_clock() throws Exception {
    Path classes =
        Path.of(Worker.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    List<String> reads = new ArrayList<>();
    int seen = 0;
    try (Stream<Path> files = Files.walk(classes)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".class")).toList()) {
        seen++;
        for (var entry : ClassFile.of().parse(file).constantPool()) {
          if (entry instanceof MemberRefEntry called) {
            String owner = called.owner().asInternalName();
            String name = owner + "." + called.name().stringValue();
            if (CLOCKS.contains(name) || owner.equals("java/time/Clock")) {
              reads.add(classes.relativize(file) + " calls " + name);
            }
          }
        }
      }
    }
    assertThat(seen).isGreaterThan(100);
    assertThat(reads).isEmpty();
  }
}
