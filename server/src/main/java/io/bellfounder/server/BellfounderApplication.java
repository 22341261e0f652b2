package io.bellfounder.server;

import org.springframework.boot.autoconfigure.SpringBootApplication;

/** The control plane; its packages are the features. */
@SpringBootApplication(proxyBeanMethods = false)
class BellfounderApplication {}
