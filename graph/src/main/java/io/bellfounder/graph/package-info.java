@NullMarked
package io.bellfounder.graph;

import org.jspecify.annotations.NullMarked;
