/**
 * Measures Bellfounder beside its peers in one run, on one machine, and prints ratios. What it
 * cannot show stands in {@code docs/performance.md}.
 */
@NullMarked
package io.bellfounder.bench;

import org.jspecify.annotations.NullMarked;
