package io.bellfounder.server.launch;

import io.bellfounder.gateway.PriceFile;
import io.bellfounder.gateway.PriceFile.Refused;
import io.bellfounder.server.config.FileProblem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Reads the operator's own price file. */
public final class PriceFiles {
  private PriceFiles() {}

  /**
   * @throws LaunchRefused naming the key, the file and what is wrong with it
   */
  public static PriceFile read(Path file) {
    try {
      return PriceFile.parse(Files.readString(file));
    } catch (IOException e) {
      throw refused(file, FileProblem.words(e), e);
    } catch (Refused e) {
      throw refused(file, String.valueOf(e.getMessage()), e);
    }
  }

  private static LaunchRefused refused(Path file, String why, Exception cause) {
    return new LaunchRefused(
        "`prices.file`: the price file " + file + " cannot be used: " + why, cause);
  }
}
