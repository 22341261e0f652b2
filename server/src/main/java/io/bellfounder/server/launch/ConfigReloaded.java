package io.bellfounder.server.launch;

import io.bellfounder.server.config.BellConfig;

/**
 * The configuration file, or the price file it names, changed and is good. Routes, providers and
 * prices take effect now.
 */
public record ConfigReloaded(BellConfig config) {}
