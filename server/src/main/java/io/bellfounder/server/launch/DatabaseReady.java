package io.bellfounder.server.launch;

/** Published once, when the database was reached and all migrations are in it. */
public record DatabaseReady() {}
