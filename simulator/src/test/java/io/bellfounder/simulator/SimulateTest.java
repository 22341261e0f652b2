package io.bellfounder.simulator;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;

/** What the command says to those who read it: the reason and an exit code. */
final class SimulateTest {

  @Test
  void a_taken_port_is_no_wrong_option() throws InterruptedException {
    try (Simulator first = Simulator.start()) {
      Refused second = refused("--port", Integer.toString(first.port()));

      assertThat(second.code()).isEqualTo(1);
      assertThat(second.error())
          .contains(
              "port " + first.port() + " on 127.0.0.1 cannot be opened (Address already in use)",
              "--port")
          .doesNotContain("usage");
    }
  }

  @Test
  void an_address_of_another_machine_is_held_by_no_program() throws InterruptedException {
    Refused elsewhere = refused("--host", "192.0.2.1", "--port", "0");

    assertThat(elsewhere.code()).isEqualTo(1);
    assertThat(elsewhere.error())
        .contains("port 0 on 192.0.2.1 cannot be opened", "--host")
        .doesNotContain("stop the program", "null");
  }

  @Test
  void a_wrong_option_is_answered_with_the_usage() throws InterruptedException {
    for (String[] words :
        new String[][] {{"--prot", "1"}, {"--port"}, {"--port", "x"}, {"--port", "65536"}}) {
      Refused said = refused(words);

      assertThat(said.code()).isEqualTo(2);
      assertThat(said.error()).contains(words[0], "usage: simulate");
    }
  }

  private record Refused(int code, String error) {}

  private static Refused refused(String... words) throws InterruptedException {
    PrintStream usual = System.err;
    ByteArrayOutputStream error = new ByteArrayOutputStream();
    System.setErr(new PrintStream(error, true, UTF_8));
    try {
      return new Refused(Simulate.run(words), error.toString(UTF_8));
    } finally {
      System.setErr(usual);
    }
  }
}
