package io.bellfounder.gateway;

import java.time.Duration;

/**
 * What waits in the spool.
 *
 * @param records settlements that were not shipped yet
 * @param bytes of the records behind the cursor, opened ones included
 * @param oldestAge how long the first of them has been waiting; zero if none does
 * @param openCalls calls under way
 * @param diskBytes what the spool's files take up, prepared ones included
 * @param diskBytesMax where new calls begin to be refused
 */
public record SpoolBacklog(
    long records,
    long bytes,
    Duration oldestAge,
    int openCalls,
    long diskBytes,
    long diskBytesMax) {}
