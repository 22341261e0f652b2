package io.bellfounder.server.launch;

import java.util.Map;
import java.util.function.Consumer;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.Banner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.MutablePropertySources;
import org.springframework.core.env.StandardEnvironment;

/** Starts Spring so that nothing but our own configuration has a say in it. */
final class ApplicationContexts {
  private ApplicationContexts() {}

  /**
   * @param beans puts in what exists before the context does
   */
  static ConfigurableApplicationContext start(
      Class<?> application, Consumer<ConfigurableListableBeanFactory> beans) {
    // Ours are set up already, and Spring would set them up anew.
    System.setProperty("org.springframework.boot.logging.LoggingSystem", "none");
    SpringApplication spring = new SpringApplication(application);
    spring.setWebApplicationType(WebApplicationType.SERVLET);
    spring.setBannerMode(Banner.Mode.OFF);
    spring.setLogStartupInfo(false);
    spring.setRegisterShutdownHook(false);
    spring.setEnvironment(new SealedEnvironment());
    spring.addInitializers(context -> beans.accept(context.getBeanFactory()));
    return spring.run();
  }

  /** Without the variables and files that Boot would read, such as SERVER_PORT. */
  private static final class SealedEnvironment extends StandardEnvironment {
    @Override
    protected void customizePropertySources(MutablePropertySources sources) {
      sources.addLast(
          new MapPropertySource(
              "sealed", Map.of("spring.config.location", "classpath:/application.properties")));
    }
  }
}
