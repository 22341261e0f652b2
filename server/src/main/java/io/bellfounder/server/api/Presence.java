package io.bellfounder.server.api;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.databind.JavaType;
import io.swagger.v3.core.converter.AnnotatedType;
import io.swagger.v3.core.converter.ModelConverter;
import io.swagger.v3.core.converter.ModelConverterContext;
import io.swagger.v3.core.util.Json;
import io.swagger.v3.oas.models.media.JsonSchema;
import io.swagger.v3.oas.models.media.Schema;
import java.lang.reflect.RecordComponent;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Describes what a record does not mark {@code @Nullable} as required, and the rest as something or
 * null.
 */
@Component
final class Presence implements ModelConverter {
  private static final String NULL = "null";

  @Override
  public @Nullable Schema<?> resolve(
      AnnotatedType type, ModelConverterContext context, Iterator<ModelConverter> chain) {
    Schema<?> schema = chain.hasNext() ? chain.next().resolve(type, context, chain) : null;
    JavaType java = Json.mapper().constructType(type.getType());
    if (schema == null || !java.getRawClass().isRecord()) {
      return schema;
    }
    Schema<?> model =
        schema.get$ref() == null
            ? schema
            : context.getDefinedModels().get(schema.get$ref().replaceFirst(".*/", ""));
    if (model != null && model.getProperties() != null) {
      mark(java.getRawClass(), model);
    }
    return schema;
  }

  private static void mark(Class<?> type, Schema<?> model) {
    Map<String, Schema> properties = model.getProperties();
    for (RecordComponent component : type.getRecordComponents()) {
      String name = name(component);
      if (component.getAccessor().isAnnotationPresent(JsonUnwrapped.class)) {
        mark(component.getType(), model);
      } else if (component.getAnnotatedType().isAnnotationPresent(Nullable.class)) {
        properties.computeIfPresent(name, (_, property) -> orNull(property));
      } else {
        require(model, name);
      }
    }
  }

  private static String name(RecordComponent component) {
    @Nullable JsonProperty renamed = component.getAccessor().getAnnotation(JsonProperty.class);
    return renamed == null ? component.getName() : renamed.value();
  }

  private static void require(Schema<?> model, String name) {
    if (model.getRequired() == null || !model.getRequired().contains(name)) {
      model.addRequiredItem(name);
    }
  }

  private static Schema<?> orNull(Schema<?> property) {
    if (property.get$ref() != null) {
      return new JsonSchema()
          .name(property.getName())
          .oneOf(List.of(property, new JsonSchema().types(Set.of(NULL))));
    }
    if (property.getTypes() != null && property.getOneOf() == null) {
      property.addType(NULL);
    }
    return property;
  }
}
