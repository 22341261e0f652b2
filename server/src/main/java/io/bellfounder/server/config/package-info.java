/**
 * The typed configuration: read from {@code bellfounder.yaml} and the environment, checked as a
 * whole, and refused by name, place and remedy. Knows nothing of Spring.
 */
@NullMarked
package io.bellfounder.server.config;

import org.jspecify.annotations.NullMarked;
