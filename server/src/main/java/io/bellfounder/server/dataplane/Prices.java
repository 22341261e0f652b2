package io.bellfounder.server.dataplane;

import io.bellfounder.gateway.PriceBook;
import io.bellfounder.gateway.PriceFile;
import io.bellfounder.gateway.PriceFile.Refused;
import io.bellfounder.server.config.BellConfig;
import io.bellfounder.server.launch.ConfigReloaded;
import io.bellfounder.server.launch.LaunchRefused;
import io.bellfounder.server.launch.PriceFiles;
import io.bellfounder.server.operation.HealthPart;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.event.EventListener;
import org.springframework.stereotype.Component;

/**
 * The prices in force: of the configured file, else of the one in the jar. A changed file that is
 * refused leaves the old prices in force and says so in the log and in health; at the start it
 * stops the start, as then there is nothing to fall back on that the operator chose.
 */
@Component
final class Prices implements PriceBook, HealthPart {
  private static final Logger LOG = LoggerFactory.getLogger(Prices.class);
  private static final String PACKAGED = "/prices/prices.json";

  private volatile PriceFile current;
  private volatile @Nullable String problem;

  Prices(BellConfig config) {
    this.current = read(config.priceFile());
  }

  private static PriceFile read(@Nullable Path file) {
    if (file != null) {
      return PriceFiles.read(file);
    }
    try (InputStream packaged = Prices.class.getResourceAsStream(PACKAGED)) {
      if (packaged == null) {
        throw new IOException("it is missing");
      }
      return PriceFile.parse(new String(packaged.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException | Refused e) {
      throw new LaunchRefused("the price file in the jar cannot be used: " + e.getMessage(), e);
    }
  }

  @EventListener
  void reloaded(ConfigReloaded event) {
    try {
      PriceFile next = read(event.config().priceFile());
      if (!next.version().equals(current.version())) {
        LOG.info("Prices of {} are in force", next.version());
      }
      current = next;
      problem = null;
    } catch (LaunchRefused e) {
      problem =
          "the changed price file is refused, prices of " + current.version() + " stay in force";
      LOG.error("{}: {}", problem, e.getMessage());
    }
  }

  @Override
  public Price price(String provider, String model, Instant at) {
    return current.price(provider, model, at);
  }

  @Override
  public Price price(String provider, String model, Instant at, long promptTokens) {
    return current.price(provider, model, at, promptTokens);
  }

  Optional<PriceFile.Origin> origin(String version) {
    return current.origin(version);
  }

  @Override
  public String name() {
    return "prices";
  }

  @Override
  public @Nullable String problem() {
    return problem;
  }
}
