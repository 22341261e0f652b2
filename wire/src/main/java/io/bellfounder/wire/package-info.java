/**
 * What model providers and their clients put on the wire. Reads request and response bytes without
 * re-serialising them; knows nothing of sockets, routes or money.
 */
@NullMarked
package io.bellfounder.wire;

import org.jspecify.annotations.NullMarked;
