package io.bellfounder.gateway;

import org.jspecify.annotations.Nullable;

/**
 * One model at one provider, reached with the provider's credential.
 *
 * @param model the name the provider knows; {@code null} passes on the name the client asked for
 */
public record Target(Provider provider, @Nullable String model) {}
