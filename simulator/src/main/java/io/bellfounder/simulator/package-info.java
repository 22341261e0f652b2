@NullMarked
package io.bellfounder.simulator;

import org.jspecify.annotations.NullMarked;
