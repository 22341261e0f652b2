/**
 * What all endpoints of our own API have in common: problem documents with a stable code and the
 * request id, cursor pages, and the description of it all in OpenAPI.
 */
@NullMarked
package io.bellfounder.server.api;

import org.jspecify.annotations.NullMarked;
