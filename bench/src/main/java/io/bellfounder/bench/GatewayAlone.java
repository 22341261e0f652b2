package io.bellfounder.bench;

import io.bellfounder.gateway.CallListener;
import io.bellfounder.gateway.Gateway;
import io.bellfounder.gateway.GatewayConfig;
import io.bellfounder.gateway.GatewayKey;
import io.bellfounder.gateway.GatewayMetrics;
import io.bellfounder.gateway.GatewayPorts;
import io.bellfounder.gateway.KeyDirectory.KeyCheck;
import io.bellfounder.gateway.Ledger;
import io.bellfounder.gateway.OpenedCall;
import io.bellfounder.gateway.PriceBook.Price;
import io.bellfounder.gateway.Provider;
import io.bellfounder.gateway.Route;
import io.bellfounder.gateway.RouteTable;
import io.bellfounder.gateway.SettledCall;
import io.bellfounder.gateway.Spool;
import io.bellfounder.gateway.SpoolConfig;
import io.bellfounder.gateway.Target;
import io.bellfounder.wire.Dialect;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;

/**
 * The data plane without the rest of the product, with a ledger that forgets or a spool: what the
 * path itself costs, for profiling. Takes the upstream's port, and where its ledger goes if it is
 * to keep one, and prints its own port.
 */
final class GatewayAlone {
  static final String KEY = "bell_bench";

  private GatewayAlone() {}

  public static void main(String[] arguments) throws InterruptedException, IOException {
    Provider provider =
        new Provider(
            "anthropic",
            Dialect.ANTHROPIC,
            URI.create("http://127.0.0.1:" + arguments[0]),
            new Provider.Credential.ApiKeyHeader("bench"),
            Duration.ofSeconds(5),
            Duration.ofSeconds(60),
            Duration.ofSeconds(60));
    GatewayKey key = new GatewayKey(UUID.randomUUID(), "bench", UUID.randomUUID(), null, null);
    Price price = new Price("bench", true, 3_000_000, 3_750_000, 6_000_000, 300_000, 15_000_000);
    RouteTable routes = new OneRoute(provider);
    GatewayConfig defaults = GatewayConfig.defaults("bench");
    Gateway gateway =
        Gateway.start(
            new GatewayConfig(
                defaults.host(),
                0,
                defaults.node(),
                defaults.eventLoops(),
                defaults.trustedProxies(),
                defaults.pingInterval(),
                defaults.totalDeadline(),
                defaults.limits(),
                defaults.breaker()),
            new GatewayPorts(
                secret -> secret.equals(KEY) ? new KeyCheck.Valid(key) : new KeyCheck.Unknown(),
                () -> routes,
                (_, _, _) -> price,
                arguments.length > 1 ? spool(Path.of(arguments[1])) : new Forgetful(),
                CallListener.NONE,
                GatewayMetrics.NONE,
                InstantSource.system(),
                new SplittableRandom(),
                () ->
                    new UUID(
                        ThreadLocalRandom.current().nextLong(),
                        ThreadLocalRandom.current().nextLong())));
    System.out.println("gateway " + gateway.port());
    Thread.currentThread().join();
  }

  /** Room for some minutes of calls. */
  private static Ledger spool(Path directory) throws IOException {
    return Spool.open(SpoolConfig.in(directory).withBytesMax(16L << 30), InstantSource.system());
  }

  /** Every model of the one dialect leads to the upstream. */
  private record OneRoute(Provider provider) implements RouteTable {
    @Override
    public Optional<Route> route(Dialect dialect, String model) {
      return Optional.of(new Route(model, List.of(new Target(provider, null))));
    }

    @Override
    public List<ListedModel> models(Dialect dialect) {
      return List.of();
    }

    @Override
    public List<Provider> providers() {
      return List.of(provider);
    }
  }

  private static final class Forgetful implements Ledger {
    @Override
    public void opened(OpenedCall call) {}

    @Override
    public void settled(SettledCall call) {}
  }
}
