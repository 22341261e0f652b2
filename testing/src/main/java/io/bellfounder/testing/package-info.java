@NullMarked
package io.bellfounder.testing;

import org.jspecify.annotations.NullMarked;
