/** What operators see: health, metrics and logs. */
@NullMarked
package io.bellfounder.server.operation;

import org.jspecify.annotations.NullMarked;
