/** For tests of graphs and of programs that use them: breaks the database, checks the tables. */
@NullMarked
package io.bellfounder.graph.testing;

import org.jspecify.annotations.NullMarked;
