/**
 * Who did what. A record is written in the transaction of the change it tells of, chained to the
 * one before by its hash; the application may add records and nothing else. What cannot be written
 * down does not happen.
 */
@NullMarked
package io.bellfounder.server.audit;

import org.jspecify.annotations.NullMarked;
