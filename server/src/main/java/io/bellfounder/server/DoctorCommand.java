package io.bellfounder.server;

import io.bellfounder.server.config.ConfigException;
import io.bellfounder.server.config.LoadedConfig;
import io.bellfounder.server.launch.Checkup;
import io.bellfounder.server.launch.Checkup.Finding;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bell doctor}: exit code 0 if nothing stands in the way of {@code bell up}. */
@Command(
    name = "doctor",
    description = "Says what is wrong with this machine or configuration, and how to mend it.",
    mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {
  @Mixin final ConfigOptions options = new ConfigOptions();

  @Option(names = "--network", description = "also ask the providers for a sign of life")
  boolean network;

  @Override
  public Integer call() {
    List<Finding> findings = new ArrayList<>();
    findings.add(Checkup.java());
    try {
      LoadedConfig loaded = options.source(Map.of()).load();
      findings.add(Finding.good("configuration", "readable and complete"));
      loaded.notes().forEach(note -> findings.add(Finding.hint("configuration", note)));
      findings.addAll(new Checkup(loaded.config(), network).findings());
    } catch (ConfigException refused) {
      refused.problems().forEach(problem -> findings.add(Finding.bad("configuration", problem)));
    }
    findings.forEach(DoctorCommand::print);
    long bad = findings.stream().filter(finding -> finding.state() == Finding.State.BAD).count();
    System.out.println(bad == 0 ? "Nothing stands in the way." : bad + " to mend.");
    return bad == 0 ? 0 : 1;
  }

  private static void print(Finding finding) {
    String mark =
        switch (finding.state()) {
          case GOOD -> "✓";
          case HINT -> "·";
          case BAD -> "✗";
        };
    System.out.println(mark + " " + finding.what() + ": " + finding.text());
  }
}
