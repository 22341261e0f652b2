/**
 * PostgreSQL as a part of the process: unpacked from the published binaries, started with durable
 * settings on the loopback, watched, and ended with the process that started it. It never touches a
 * directory that another process or another major version of PostgreSQL holds.
 */
@NullMarked
package io.bellfounder.postgres;

import org.jspecify.annotations.NullMarked;
