package io.bellfounder.simulator;

/** One header line, its name as it was written. */
public record Header(String name, String value) {}
