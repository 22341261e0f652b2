/**
 * Six small programs. Each has a graph, and {@code run}, which does everything that a program needs
 * with nothing but a {@link javax.sql.DataSource}; the test beside it runs it.
 *
 * <ul>
 *   <li>{@link AgentLoop}: a model and its tools take turns
 *   <li>{@link MapReduce}: one task for each document, joined
 *   <li>{@link HumanApproval}: waits for a person, for days if need be
 *   <li>{@link Saga}: undoes, last first, what was done before a step that failed
 *   <li>{@link Digest}: started by a schedule, tells what is new since the last one
 *   <li>{@link Supervisor}: sends work to subgraphs with state of their own
 * </ul>
 */
@NullMarked
package io.bellfounder.graph.examples;

import org.jspecify.annotations.NullMarked;
