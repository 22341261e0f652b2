package io.bellfounder.server.teams;

import java.util.UUID;

/** A key of this organisation was made, revoked or used for the first time in a while. */
public record KeyChanged(UUID organisation, KeyView key) {}
