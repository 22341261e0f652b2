/**
 * The promises of the product, each shown on the packaged jar, the simulator, a real PostgreSQL,
 * real clients and a real browser. One file per promise; what they share (a started server, a
 * recording tap, the client drivers) stands beside them.
 */
@NullMarked
package io.bellfounder.e2e;

import org.jspecify.annotations.NullMarked;
