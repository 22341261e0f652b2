package io.bellfounder.gateway;

import io.bellfounder.gateway.KeyDirectory.KeyCheck;
import io.bellfounder.gateway.RouteTable.ListedModel;
import io.bellfounder.wire.Dialect;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.internal.buffer.BufferInternal;
import java.io.ByteArrayOutputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/**
 * {@code GET /v1/models}, in the shape of whoever asks. Claude Code gives discovery three seconds
 * and takes any redirect for a failure, so a provider that is asked gets two.
 */
final class ModelList {
  private static final String PATH = "/models";
  private static final long PROVIDER_MILLIS = 2_000;
  private static final int MOST_BYTES = 4 << 20;
  private static final int DEFAULT_LIMIT = 20;
  private static final int MOST_LISTED = 1_000;

  /** What Anthropic's API itself gives for a model whose release date it does not know. */
  private static final String UNKNOWN_DATE = "1970-01-01T00:00:00Z";

  private static final JsonFactory JSON = new JsonFactory();

  private final EventLoop loop;
  private final Plane plane;

  ModelList(EventLoop loop, Plane plane) {
    this.loop = loop;
    this.plane = plane;
  }

  static boolean serves(String path) {
    return path.equals(PATH) || path.startsWith(PATH + "/");
  }

  void answer(HttpServerRequest request, ModelPath path, UUID id) {
    var dialect = FrontDoor.dialectOf(request);
    var shown = Credentials.check(plane.ports.keys(), request.headers(), path.key());
    if (!(shown.check() instanceof KeyCheck.Valid)) {
      plane.refused(dialect, 401, "key");
      OwnAnswer.refuse(request, dialect, Refusal.ofKey(shown), id.toString());
      return;
    }
    var routes = plane.routes();
    var models = routes.models(dialect);
    var provider =
        routes.providers().stream().filter(each -> each.dialect() == dialect).findFirst();
    if (Credentials.in(ModelPath.decoded(path.below()))) {
      // A key in a model's place, which neither a provider nor a log should see.
      OwnAnswer.refuse(request, dialect, Refusal.unknownModel("***"), id.toString());
    } else if (models.isEmpty() && provider.isPresent()) {
      ask(provider.get(), request, path, id);
    } else if (path.below().equals(PATH)) {
      var page = Page.of(models, request);
      OwnAnswer.json(request, list(dialect, page), id.toString());
    } else {
      one(request, dialect, models, path.below().substring(PATH.length() + 1), id);
    }
  }

  private static void one(
      HttpServerRequest request,
      Dialect dialect,
      List<ListedModel> models,
      String encodedName,
      UUID id) {
    var name = decoded(encodedName);
    var found = models.stream().filter(model -> model.id().equals(name)).findFirst();
    if (found.isPresent()) {
      OwnAnswer.json(request, written(json -> model(json, dialect, found.get())), id.toString());
    } else {
      OwnAnswer.refuse(request, dialect, Refusal.unknownModel(name), id.toString());
    }
  }

  private static String decoded(String segment) {
    try {
      return URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      // A broken escape names no model.
      return segment;
    }
  }

  // ---- from the routes

  private record Page(List<ListedModel> models, boolean hasMore) {
    static Page of(List<ListedModel> all, HttpServerRequest request) {
      var after = request.getParam("after_id");
      int from = 0;
      for (int i = 0; after != null && i < all.size(); i++) {
        if (all.get(i).id().equals(after)) {
          from = i + 1;
        }
      }
      int to = Math.min(all.size(), from + limit(request));
      return new Page(all.subList(from, to), to < all.size());
    }

    private static int limit(HttpServerRequest request) {
      var text = request.getParam("limit");
      if (text == null) {
        return FrontDoor.dialectOf(request) == Dialect.ANTHROPIC ? DEFAULT_LIMIT : MOST_LISTED;
      }
      try {
        return Math.clamp(Integer.parseInt(text), 1, MOST_LISTED);
      } catch (NumberFormatException e) {
        // An unreadable limit is no reason to hide the models.
        return DEFAULT_LIMIT;
      }
    }
  }

  private static Buffer list(Dialect dialect, Page page) {
    return written(json -> {
      json.writeStartObject();
      if (dialect == Dialect.OPENAI) {
        json.writeStringProperty("object", "list");
      }
      json.writeArrayPropertyStart("data");
      page.models().forEach(each -> model(json, dialect, each));
      json.writeEndArray();
      if (dialect == Dialect.ANTHROPIC) {
        var models = page.models();
        json.writeBooleanProperty("has_more", page.hasMore());
        idOrNull(json, "first_id", models.isEmpty() ? null : models.getFirst().id());
        idOrNull(json, "last_id", models.isEmpty() ? null : models.getLast().id());
      }
      json.writeEndObject();
    });
  }

  private static void idOrNull(JsonGenerator json, String name, @Nullable String id) {
    if (id == null) {
      json.writeNullProperty(name);
    } else {
      json.writeStringProperty(name, id);
    }
  }

  private static void model(JsonGenerator json, Dialect dialect, ListedModel model) {
    json.writeStartObject();
    switch (dialect) {
      case ANTHROPIC -> {
        json.writeStringProperty("type", "model");
        json.writeStringProperty("id", model.id());
        json.writeStringProperty("display_name", model.displayName());
        json.writeStringProperty("created_at", UNKNOWN_DATE);
      }
      case OPENAI -> {
        json.writeStringProperty("id", model.id());
        json.writeStringProperty("object", "model");
        json.writeNumberProperty("created", 0);
        json.writeStringProperty("owned_by", "bellfounder");
      }
    }
    json.writeEndObject();
  }

  private static Buffer written(java.util.function.Consumer<JsonGenerator> content) {
    var bytes = new ByteArrayOutputStream(1_024);
    try (var json = JSON.createGenerator(ObjectWriteContext.empty(), bytes)) {
      content.accept(json);
    }
    return BufferInternal.buffer(bytes.toByteArray());
  }

  // ---- from the first provider

  private void ask(Provider provider, HttpServerRequest request, ModelPath path, UUID id) {
    var base = provider.dialect() == Dialect.ANTHROPIC ? "/v1" : "";
    var options =
        ProviderRequest.to(
                provider, HttpMethod.GET, base + path.below() + ProviderRequest.query(request))
            .setHeaders(ProviderRequest.headers(provider, request, false, 0));
    options.removeHeader("content-length");
    var asked = new Asked(request, provider.dialect(), id);
    long timer =
        loop.context()
            .owner()
            .setTimer(PROVIDER_MILLIS, late -> asked.giveUp("no answer within two seconds"));
    asked.onOver = () -> loop.context().owner().cancelTimer(timer);
    request.response().closeHandler(gone -> asked.leg.cancel());
    asked.leg.send(loop.providers(), options, Buffer.buffer());
  }

  private static final class Asked implements ProviderLeg.Listener {
    private final HttpServerRequest request;
    private final Dialect dialect;
    private final UUID id;
    private final ProviderLeg leg = new ProviderLeg(this);
    private final Buffer body = Buffer.buffer();
    private @Nullable HttpClientResponse answer;
    private Runnable onOver = () -> {};

    Asked(HttpServerRequest request, Dialect dialect, UUID id) {
      this.request = request;
      this.dialect = dialect;
      this.id = id;
    }

    @Override
    public void answered(HttpClientResponse answered) {
      answer = answered;
    }

    @Override
    public void received(Buffer chunk) {
      if (body.length() + chunk.length() > MOST_BYTES) {
        onOver.run();
        giveUp("its list is too large");
        return;
      }
      body.appendBuffer(chunk);
    }

    @Override
    public void ended() {
      onOver.run();
      var from = answer;
      var response = request.response();
      if (from == null || response.ended() || response.closed()) {
        return;
      }
      int status = from.statusCode();
      if (status == 401 || status == 403 || status >= 300 && status < 400) {
        refuse("it answered " + status);
        return;
      }
      response.setStatusCode(status).setStatusMessage(from.statusMessage());
      Headers.copyDown(from.headers(), response.headers());
      if (!response.headers().contains("x-request-id")) {
        response.putHeader("x-request-id", id.toString());
      }
      response.putHeader("content-length", Integer.toString(body.length())).end(body);
    }

    @Override
    public void failed(ProviderLeg.Failure failure) {
      onOver.run();
      refuse(failure.detail());
    }

    @Override
    public void stumbled(RuntimeException bug) {
      onOver.run();
      refuse("it could not be read");
    }

    void giveUp(String why) {
      leg.cancel();
      refuse(why);
    }

    void refuse(String why) {
      OwnAnswer.refuse(request, dialect, Refusal.noModelList(why), id.toString());
    }
  }
}
