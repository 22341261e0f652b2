@NullMarked
package io.bellfounder.server;

import org.jspecify.annotations.NullMarked;
