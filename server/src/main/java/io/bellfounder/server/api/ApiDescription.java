package io.bellfounder.server.api;

import io.swagger.v3.oas.models.Components;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.info.Info;
import io.swagger.v3.oas.models.media.JsonSchema;
import io.swagger.v3.oas.models.security.SecurityScheme;
import org.springdoc.core.utils.SpringDocUtils;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import tools.jackson.databind.JsonNode;

/** The head of {@code /api/v1/openapi.json}; the rest is read from the endpoints. */
@Configuration(proxyBeanMethods = false)
class ApiDescription {
  static {
    // Any JSON, passed on as it came.
    SpringDocUtils.getConfig().replaceWithSchema(JsonNode.class, new JsonSchema());
  }

  @Bean
  OpenAPI description() {
    return new OpenAPI()
        .info(
            new Info()
                .title("Bellfounder")
                .version("v1")
                .description(
                    "Money is a string of integer pico-dollars (10^-12 USD). Instants are UTC."
                        + " What is not required may be null, and is there nevertheless in answers."
                        + " Errors are RFC 9457 problem documents with a stable code."))
        .components(
            new Components()
                .addSecuritySchemes(
                    "session",
                    new SecurityScheme()
                        .type(SecurityScheme.Type.APIKEY)
                        .in(SecurityScheme.In.COOKIE)
                        .name("bell_session")));
  }
}
