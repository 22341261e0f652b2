/**
 * What tests of every module need: a real PostgreSQL that is thrown away, seeds that replay a
 * failure, a clock that is set, and waiting without sleeping.
 */
@NullMarked
package io.bellfounder.testing;

import org.jspecify.annotations.NullMarked;
