package io.bellfounder.graph;

/**
 * Something that happened in a run.
 *
 * @param seq counts from 1 within the run, without gaps
 * @param kind such as step, interrupt, answered, superseded, completed, or the caller's own
 */
public record Event(long seq, String kind, Object data) {}
