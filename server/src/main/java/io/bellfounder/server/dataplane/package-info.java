/**
 * The gateway inside the product: gives it keys, routes and prices, carries what its spool holds
 * into the ledger, and answers what happened, to whom, for how much.
 */
@NullMarked
package io.bellfounder.server.dataplane;

import org.jspecify.annotations.NullMarked;
