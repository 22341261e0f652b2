package io.bellfounder.gateway;

import java.time.InstantSource;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;

/**
 * What the data plane is given from outside. All are called on event loops and must not block.
 *
 * @param routes the table in force; replaced as a whole at run time
 * @param random jitter only; safe for use by many threads
 * @param ids UUIDv7, for calls and requests
 */
public record GatewayPorts(
    KeyDirectory keys,
    Supplier<RouteTable> routes,
    PriceBook prices,
    Ledger ledger,
    CallListener listener,
    GatewayMetrics metrics,
    InstantSource clock,
    RandomGenerator random,
    Supplier<UUID> ids) {}
