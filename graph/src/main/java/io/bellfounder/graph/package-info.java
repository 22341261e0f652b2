/**
 * Durable graphs: a pure kernel that decides what runs next, and a PostgreSQL driver that carries
 * its decisions through the death of any process. Nodes run at least once, a step's change of state
 * is committed exactly once. Needs the JDK and a {@link javax.sql.DataSource}, nothing else.
 *
 * <p>Write a {@link io.bellfounder.graph.Graph} of {@link io.bellfounder.graph.Channel channels}
 * and {@link io.bellfounder.graph.Node nodes}, make the tables with {@link
 * io.bellfounder.graph.GraphSchema}, start runs with {@link io.bellfounder.graph.Runs}, and carry
 * them with as many {@link io.bellfounder.graph.Worker workers} as you like, in any process.
 */
@NullMarked
package io.bellfounder.graph;

import org.jspecify.annotations.NullMarked;
