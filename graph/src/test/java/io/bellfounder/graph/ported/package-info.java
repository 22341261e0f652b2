/**
 * What others have learnt: cases that the tests of other engines hold, written anew for this one,
 * against its public types and a real PostgreSQL. The guide's page {@code ported-cases.md} says
 * which case comes from where.
 */
@NullMarked
package io.bellfounder.graph.ported;

import org.jspecify.annotations.NullMarked;
