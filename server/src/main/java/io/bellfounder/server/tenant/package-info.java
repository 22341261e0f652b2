/**
 * Whose data a transaction may see. Row-level security does the separating; this package tells the
 * database which organisation, and hands out ids.
 */
@NullMarked
package io.bellfounder.server.tenant;

import org.jspecify.annotations.NullMarked;
