/** The product's main program: its words on the command line, and the application they start. */
@NullMarked
package io.bellfounder.server;

import org.jspecify.annotations.NullMarked;
