/**
 * Durable graphs: a pure kernel that decides what runs next, and a PostgreSQL driver that carries
 * its decisions through the death of any process. Nodes run at least once, a step's change of state
 * is committed exactly once. Needs the JDK and a {@link javax.sql.DataSource}, nothing else.
 */
@NullMarked
package io.bellfounder.graph;

import org.jspecify.annotations.NullMarked;
