/**
 * From nothing to ready and back: the data directory, the master key, the database and its roles,
 * migrations, the control plane's web server, readiness and draining. Knows no feature; features
 * find here what they stand on.
 */
@NullMarked
package io.bellfounder.server.launch;

import org.jspecify.annotations.NullMarked;
