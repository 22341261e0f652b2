/**
 * Carries runs by Temporal instead of by {@link io.bellfounder.graph.Worker}: a workflow that only
 * loops, activities that carry one superstep each against the same tables, and nothing but
 * references in Temporal's histories.
 */
@NullMarked
package io.bellfounder.graph.temporal;

import org.jspecify.annotations.NullMarked;
