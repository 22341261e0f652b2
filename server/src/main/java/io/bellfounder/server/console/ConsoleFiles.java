package io.bellfounder.server.console;

import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.core.io.ClassPathResource;
import org.springframework.core.io.Resource;
import org.springframework.http.CacheControl;
import org.springframework.stereotype.Component;
import org.springframework.web.servlet.config.annotation.ResourceHandlerRegistry;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import org.springframework.web.servlet.resource.PathResourceResolver;

/**
 * The console's built files. A file whose name holds its hash is kept by browsers for ever; a path
 * that is no file is a page of the console, whose router takes it from there.
 */
@Component
final class ConsoleFiles implements WebMvcConfigurer {
  private static final String FILES = "classpath:/static/";
  private static final String INDEX = "static/index.html";

  @Override
  public void addResourceHandlers(ResourceHandlerRegistry registry) {
    registry
        .addResourceHandler("/assets/**")
        .addResourceLocations(FILES + "assets/")
        .setCacheControl(CacheControl.maxAge(Duration.ofDays(365)).cachePublic().immutable());
    registry
        .addResourceHandler("/**")
        .addResourceLocations(FILES)
        .setCacheControl(CacheControl.noCache())
        .resourceChain(false)
        .addResolver(new PageResolver());
  }

  private static final class PageResolver extends PathResourceResolver {
    @Override
    protected @Nullable Resource getResource(String path, Resource location) throws IOException {
      Resource file = path.isEmpty() ? null : super.getResource(path, location);
      if (file != null || !isPage(path)) {
        return file;
      }
      Resource index = new ClassPathResource(INDEX);
      return index.exists() ? index : null;
    }

    /** Neither ours to answer otherwise nor the name of a file that is not there. */
    private static boolean isPage(String path) {
      String last = path.substring(path.lastIndexOf('/') + 1);
      return !path.startsWith("api/")
          && !path.equals("api")
          && !path.startsWith("v1/")
          && !path.startsWith("ak/")
          && !path.startsWith("health")
          && !path.equals("metrics")
          && last.indexOf('.') < 0;
    }
  }
}
