/**
 * The data plane: one front door that carries a model call from a client to a provider and back,
 * byte for byte, and leaves exactly one settled record of it. Event-loop code: nothing here blocks,
 * and nothing here waits for a database.
 */
@NullMarked
package io.bellfounder.gateway;

import org.jspecify.annotations.NullMarked;
