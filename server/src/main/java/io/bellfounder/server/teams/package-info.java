/**
 * What members of an organisation share. At this time: gateway keys, shown once, kept as keyed
 * hashes, known to every node within a second, checked from memory.
 */
@NullMarked
package io.bellfounder.server.teams;

import org.jspecify.annotations.NullMarked;
