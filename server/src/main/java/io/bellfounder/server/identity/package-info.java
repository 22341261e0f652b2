/**
 * Who somebody is: members, one-time links, passwords, sessions. A request to our own API is
 * answered only for a signed-in member, from the same origin; gateway keys mean nothing here.
 */
@NullMarked
package io.bellfounder.server.identity;

import org.jspecify.annotations.NullMarked;
