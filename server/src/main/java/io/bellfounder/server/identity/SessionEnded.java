package io.bellfounder.server.identity;

import java.util.UUID;

/** What still listens in the name of this session hears no more. */
public record SessionEnded(UUID sessionId) {}
