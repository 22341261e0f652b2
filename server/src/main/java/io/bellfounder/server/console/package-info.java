/** The console's files and its live feed. May use every other part; no other part uses it. */
@NullMarked
package io.bellfounder.server.console;

import org.jspecify.annotations.NullMarked;
