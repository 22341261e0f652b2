package io.bellfounder.server.launch;

/** The front door, once it listens. */
public interface PublicPort {
  /** The port it took, also where port 0 was configured. */
  int port();
}
