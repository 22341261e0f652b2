package io.bellfounder.server.dataplane;

/** A provider's breaker, wait, credential or last error is another one now. */
public record ProviderChanged(String name) {}
